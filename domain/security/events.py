"""What those who watch must know of, and changes nothing: each is a stream of its own."""

from collections.abc import Mapping
from datetime import datetime

from domain.values.frozen import dataclass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInsFailed:
    """Somebody who is not let in tried to be one person, or (`user_id` None) anybody there is not:
    so many `times` from so many `addresses` between two moments. `how` counts what it failed at.
    Who tried is not known: the actor is whose account it is."""

    user_id: str | None
    times: int
    addresses: int
    how: Mapping[str, int]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsRefused:
    """What the actor asked for and may not do, or may not see though it is there: so many `times`
    between two moments. `what` counts them by the call and the refusal."""

    times: int
    what: Mapping[str, int]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyUsed:
    """A key is used from an address from which it was not for a day; the address stands in the
    envelope."""

    key_id: str


SecurityEvent = TrailRead | LogInsFailed | CommandsRefused | ApiKeyUsed
# What the product notes by itself.
Noted = LogInsFailed | CommandsRefused | ApiKeyUsed
