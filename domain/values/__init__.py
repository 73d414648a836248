"""Small types with their rules."""
