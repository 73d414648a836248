"""The feed of changes: a workspace's own events, from the log, for whoever may see them."""
