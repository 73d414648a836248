"""The trail of a workspace: who did what in it, read for those who watch."""
