"""Who may log in: credentials, sessions and tokens. None of it is an event."""
