"""What is noted of those who try what they may not: counted here, told to the log."""
