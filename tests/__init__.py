"""Tests on real parts; folders with parts of their own are packages: these end with them."""
