"""Cuts what arrives, in whatever pieces and order, into the log's own order."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Positioned(Protocol):
    @property
    def position(self) -> int: ...


R = TypeVar("R", bound=Positioned)


def cut(rows: Sequence[R], following: int) -> Sequence[R]:
    """What of consecutive `rows` is new to a reader that has everything up to `following`.

    The first of it is either the next position or lies behind a gap.
    """
    if not rows or rows[-1].position <= following:
        return ()
    first = rows[0].position
    return rows if first > following else rows[following + 1 - first :]


def gap(rows: Sequence[R], following: int) -> tuple[int, int] | None:
    """The positions (first, last) that are missing between `following` and `rows`, else None."""
    if not rows or rows[0].position <= following + 1:
        return None
    return following + 1, rows[0].position - 1
