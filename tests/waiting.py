"""Waiting for a condition, never for a time; and what is to take no more than a time."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.02


def until(
    what: str,
    within_s: float,
    condition: Callable[[], T | None],
    shown: Callable[[], object] | None = None,
) -> T:
    """What the condition gives, as soon as that is true; fails with `what` and its last answer, or
    with what is to be `shown` instead."""
    deadline = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= deadline:
            now = repr(found) if shown is None else shown()
            raise AssertionError(f"not within {within_s:.0f} s: {what} (now {now})")
        time.sleep(_POLL_S)


async def keeps_within(limit_s: float, took_s: Callable[[], Awaitable[float]]) -> None:
    """That something takes less than a limit, which `took_s` does and measures: up to three times,
    since a machine may stall in any one of them, for longer than is promised."""
    taken: list[float] = []
    while _is_again(limit_s, taken):
        taken.append(await took_s())


def stays_within(limit_s: float, took_s: Callable[[], float]) -> None:
    """As `keeps_within`, of what blocks."""
    taken: list[float] = []
    while _is_again(limit_s, taken):
        taken.append(took_s())


def _is_again(limit_s: float, taken: list[float]) -> bool:
    if taken and taken[-1] < limit_s:
        return False
    assert len(taken) < 3, f"not within {limit_s} s: {taken}"
    return True
