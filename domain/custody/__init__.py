"""What a workspace is asked to forget, and what it must keep."""
