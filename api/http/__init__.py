"""What every route shares: who calls, what was sent, what may be seen, how it is answered."""
