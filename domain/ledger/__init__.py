"""What the log says of itself: where its chains stood, who signs it, which log it was before."""
