"""The yardstick: the same tasks as rows that are overwritten, as a good engineer would write it."""
