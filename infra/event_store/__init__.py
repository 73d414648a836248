"""The log: how commits get into it, how events come out, and what stands beside it."""
