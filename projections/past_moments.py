"""Moments of the past, by the clock of the log and by that of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from domain.values.frozen import dataclass
from domain.values.stamp import Stamp

ALWAYS: Final = -(2**63)
FOREVER: Final = 2**63 - 1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past. By the clock `recorded`, `place` is the last position that counts; by
    `occurred`, the last microsecond. `at` is what time it was; `position` is how much of the log
    has been looked at: by the world's clock, all that there was when it was asked. `imports`:
    workspaces that came from another log later than that, each with its own last position then."""

    clock: Literal["recorded", "occurred"]
    place: int
    at: datetime
    position: int
    imports: Mapping[str, int] = field(default_factory=dict)

    def within(self, workspaces: Sequence[str]) -> "Moment":
        """For a workspace that came later, what it held by then in the log that it came from."""
        own = self.imports.get(workspaces[0]) if len(workspaces) == 1 else None
        return self if own is None else replace(self, place=own, position=own)


def microseconds(at: datetime) -> int:
    """A moment by the world's clock."""
    return (at - _EPOCH) // _MICROSECOND


def since_of(stamp: Stamp, before: int = ALWAYS) -> int:
    """Where an event stands on the world's clock, behind those of its stream before it."""
    occurred = stamp.occurred_at
    return before if occurred is None else max(before, microseconds(occurred))
