"""What goes from the trash by itself, and what keeps it there."""
