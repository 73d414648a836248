"""Tests on real parts; folders with parts of their own are packages, so that those end with them."""
