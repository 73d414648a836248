"""Commands about what is to be forgotten and what must be kept."""
