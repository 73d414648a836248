"""What feeds say of each event, a file per kind of thing that it happens to."""
