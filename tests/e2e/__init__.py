"""The running product, used as a stranger would."""
