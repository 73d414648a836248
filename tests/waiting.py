"""Waiting for a condition, never for a time; and what is to take no more than a time."""

import time
from collections.abc import Awaitable, Callable
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


async def keeps_within(limit_s: float, took_s: Callable[[], Awaitable[float]]) -> None:
    """That something takes less than a limit, which `took_s` does and measures: up to three times,
    since a machine may stall in any one of them, for longer than is promised."""
    taken: list[float] = []
    while not taken or taken[-1] >= limit_s:
        assert len(taken) < 3, f"not within {limit_s} s: {taken}"
        taken.append(await took_s())
