"""How far a long export is, told to whoever waits for it."""

from collections.abc import Callable

Moved = Callable[[int], None]
"""Takes how much of a step is done; cheap enough to be called often, from any thread."""

Begin = Callable[[str, int], Moved]
"""Begins a step with this title, of so much work; the one before has ended."""


def untold(title: str, total: int) -> Moved:
    """For when nobody asks."""
    return lambda done: None
