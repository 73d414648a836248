"""What takes one event back, or why nothing does."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True)
class NoInverse:
    """Why nothing takes back what a command did, said to whoever asks: it goes on after "This
    cannot be undone:", and says what to do instead. Some event of it has no inverse then."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """An event that is to be taken back. `before` is the state of its stream that it met."""

    stream: str
    event: Any
    before: Any


@dataclass(frozen=True, slots=True)
class Inverse:
    """How one kind of event is taken back: by an ordinary command, with that command's rules and
    permission. `of` makes it from the event; a tuple of it and others, in order, where more than
    what the event says came of it."""

    command: type
    of: Callable[[Undone], Any]


@dataclass(frozen=True, slots=True)
class Consequence:
    """An event that only follows from another one of its commit: what takes that one back takes
    this one back as well, or makes another of its kind."""


Inverses = Mapping[type, Inverse | Consequence]
