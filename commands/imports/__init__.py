"""Imports: how the history that another system kept becomes events of this one."""
