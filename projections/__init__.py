"""Read models: one file each, with its events, its fold, its rows and its questions."""
