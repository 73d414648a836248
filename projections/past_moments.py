"""Moments of the past, by the clock of the log and by that of the world."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from domain.values.stamp import Stamp

ALWAYS: Final = -(2**63)
FOREVER: Final = 2**63 - 1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past. By the clock `recorded`, `place` is the last position that counts; by
    `occurred`, the last microsecond. `at` is what time it was; `position` is how much of the log
    has been looked at: by the world's clock, all that there was when it was asked."""

    clock: Literal["recorded", "occurred"]
    place: int
    at: datetime
    position: int


def microseconds(at: datetime) -> int:
    """A moment by the world's clock."""
    return (at - _EPOCH) // _MICROSECOND


def since_of(stamp: Stamp, before: int = ALWAYS) -> int:
    """Where an event stands on the world's clock, behind those of its stream before it."""
    occurred = stamp.occurred_at
    return before if occurred is None else max(before, microseconds(occurred))
