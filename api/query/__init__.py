"""Queries of lists of tasks: the query language, and custom fields as parameters."""
