"""What takes one event back, or why nothing does."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from domain.errors import Kind, Refused
from domain.values.frozen import dataclass
from domain.values.moment import written
from domain.values.text import Erased

T = TypeVar("T")


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


def kept(former: T | Erased) -> T:
    """What stood there before, where it can still be read. Raises Refused(NOT_UNDOABLE)."""
    if isinstance(former, Erased):
        raise Refused(
            Kind.NOT_UNDOABLE,
            "This cannot be undone: the text that stood there before has been erased.",
        )
    return former


def date_given(at: datetime | None) -> str | None:
    """A date of before, as commands take dates."""
    return None if at is None else written(at)
