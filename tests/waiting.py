"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.02


def until(what: str, within_s: float, condition: Callable[[], T | None]) -> T:
    """What the condition gives, as soon as that is true; fails with `what` and its last answer."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what} (now {found!r})"
        time.sleep(_POLL_S)
