"""What may be asked of the trail."""

from datetime import datetime

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """What events have in common; an empty field asks nothing, of several values any will do.
    `types` are stored names, `addresses` aliases. All bounds are inclusive, and times are those of
    recording."""

    actors: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    key_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class TrailPlaces:
    """Positions in order, and whether there is more: then `after` is where to go on, which may be
    beyond the last of them, since only so much is looked at for one answer. The view was at
    `position`, and what was asked ends at `upto`."""

    positions: tuple[int, ...]
    after: int
    has_more: bool
    upto: int
    position: int
    stale: tuple[str, ...] = ()
