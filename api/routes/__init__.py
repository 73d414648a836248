"""Thin routes, a file per resource."""
