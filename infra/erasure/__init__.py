"""Erasure: what of an approval happens beside the log."""
