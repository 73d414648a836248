"""The command line: `main` finds a command, and each is a module."""
