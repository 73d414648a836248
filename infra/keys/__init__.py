"""Keys: those that seal text, the master key that wraps them, and how they end."""
