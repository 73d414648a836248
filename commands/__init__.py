"""What people can do: one file a command, in its aggregate's folder."""
