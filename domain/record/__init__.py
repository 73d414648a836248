"""The record: what is hashed and signed, and how it is proven. A verifier needs nothing else.

docs/record.md says which bytes these are.
"""
