"""Ranks: strings whose byte order is the order of the cards.

A rank is a key of the fractional-indexing library (base 62) with a random tail, so that two who
drop a card at the same place never get the same one; a tail does not end with 0, as no key does.
The key of a new card is the time in milliseconds, so it goes last without anybody asking where the
last one stands.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from fractional_indexing import generate_key_between  # type: ignore[import-untyped]  # it has none

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

PAIRS: Final = tuple(first + second for first in DIGITS for second in DIGITS)
"""Every two digits, in order: digits are made two at a time."""

LONG_RANK: Final = 48
"""Characters from which on a rank is made anew, with those around it. A new card's has 15, and
every five cards that go into one gap make the next there about one longer."""

# An integer part that begins with h has 8 digits: enough for milliseconds until the year 8888.
_HEAD: Final = "h"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def fresh_rank(now: datetime, tail: str) -> str:
    """The rank of a card that comes in at `now`: after all that came in before."""
    since = now - _EPOCH
    left = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
    left, last = divmod(left, len(PAIRS))
    left, third = divmod(left, len(PAIRS))
    first, second = divmod(left, len(PAIRS))
    return f"{_HEAD}{PAIRS[first]}{PAIRS[second]}{PAIRS[third]}{PAIRS[last]}{tail}"


def rank_between(lower: str | None, upper: str | None, tail: str) -> str:
    """A rank after `lower` and before `upper`; None: no card on that side.

    Where the two do not leave room (they come from a view that lags behind), the card goes
    directly after `lower`.
    """
    if lower is not None and upper is not None and lower >= upper:
        upper = None
    while True:
        key: str = generate_key_between(lower, upper)
        if upper is None or key + tail < upper:
            return key + tail
        # The key is the beginning of `upper`, and the tail would carry it past: go on between.
        lower = key


def spread(lower: str | None, upper: str | None, count: int, tail: Callable[[], str]) -> list[str]:
    """As many ranks between `lower` and `upper`, in order and evenly apart, so that they are as
    short as what lies between allows. `tail` as for `rank_between`, another one for each."""
    if not count:
        return []
    middle = count // 2
    rank = rank_between(lower, upper, tail())
    before = spread(lower, rank, middle, tail)
    return [*before, rank, *spread(rank, upper, count - middle - 1, tail)]
