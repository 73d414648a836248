"""A witness: remembers what it saw of logs, and cosigns what goes on from there."""
