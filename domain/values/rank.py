"""Ranks: strings whose byte order is the order of the cards.

A rank is a key of the fractional-indexing library (base 62) with a random tail, so that two who
drop a card at the same place never get the same one. The key of a new card is the time in
milliseconds, so it goes last without anybody asking where the last one stands.
"""

from datetime import UTC, datetime
from typing import Final

from fractional_indexing import generate_key_between  # type: ignore[import-untyped]  # it has none

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

TAIL_LENGTH: Final = 6

# An integer part that begins with h has 8 digits: enough for milliseconds until the year 8888.
_HEAD: Final = "h"
_WIDTH: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def fresh_rank(now: datetime, tail: str) -> str:
    """The rank of a card that comes in at `now`: after all that came in before."""
    since = now - _EPOCH
    left = (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
    digits = [DIGITS[0]] * _WIDTH
    for place in range(_WIDTH - 1, -1, -1):
        left, digit = divmod(left, len(DIGITS))
        digits[place] = DIGITS[digit]
    return _HEAD + "".join(digits) + tail


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
