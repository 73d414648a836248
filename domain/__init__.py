"""The business as pure functions over frozen state: no I/O, no clock, no id made inside."""
