"""Seals the log: chains, tree, checkpoints, and the proofs that they allow (docs/record.md)."""
