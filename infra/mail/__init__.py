"""Mail to people: what is said in it, and how it leaves."""
