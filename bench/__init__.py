"""Measurements: each module prints one table, and says what it was measured on."""
