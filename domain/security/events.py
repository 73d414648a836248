"""What those who watch must know of, and changes nothing: each is a stream of its own."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRead:
    """Somebody asked for events of the trail, and got them only after this was recorded. `filter`
    is what was asked for, by the names of the parameters, without the address that an `ip` names.
    `events` are told on the first page; where it `goes_on`, what follows may be read as far as the
    position `upto`."""

    filter: Mapping[str, str]
    events: int
    goes_on: bool
    upto: int


SecurityEvent = TrailRead
