"""An event log as any format gives it to an import: traces, their events, and what is broken."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Protocol

from domain.values.frozen import dataclass

Value = str | int | float | bool | dict[str, Any]
"""One attribute, JSON-ready and without loss. A plain string, whole number, number or boolean
stands for itself; every other kind is an object that names it:
`{"date": text}`, `{"id": text}`, `{"float": "NaN" | "INF" | "-INF"}`,
`{"list": [[key, value], ...]}`, `{"container": [[key, value], ...]}`,
`{"value": value, "attributes": {...}}` where it has attributes of its own, and
`{"repeated": [value, ...]}` where one key stands more than once."""

Attributes = Mapping[str, Value]

NAME = "concept:name"
LIFECYCLE = "lifecycle:transition"
RESOURCE = "org:resource"
TIME = "time:timestamp"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """`attributes` stand in the file's order; `line` is where the event begins."""

    attributes: Attributes
    line: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One case with its events, in the file's order. `ordinal`: which of the file's traces it is,
    which its line does not tell where several begin in one."""

    attributes: Attributes
    events: tuple[LoggedEvent, ...]
    line: int
    ordinal: int

    @property
    def name(self) -> str | None:
        return text_of(self.attributes.get(NAME))


@dataclass(frozen=True, slots=True)
class Broken:
    """Something of the file that cannot come in. `line` is where the fault lies; `begins` and
    `trace` are the line and the name of its trace, where there is one and its name could be
    read; `records` is how many events are lost with it."""

    line: int
    begins: int | None
    trace: str | None
    records: int
    reason: str


@dataclass(frozen=True, slots=True)
class Classifier:
    """Gives each event its identity: the values of these attributes."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What a log says of itself before its first trace.

    `classifiers` are those for events, in order. `event_defaults` are the attributes that every
    event is declared to have, each with the value that an event has which does not name it.
    """

    classifiers: tuple[Classifier, ...] = ()
    event_defaults: Attributes = field(default_factory=dict)


class EventLog(Protocol):
    """A log that can be read more than once, each time from its start."""

    @property
    def header(self) -> Header: ...

    def traces(self) -> Iterator[Trace | Broken]: ...


class NotAnEventLog(Exception):
    """The file as a whole cannot be read as an event log. `line` is None where it has no lines."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


def plain(value: Value | None) -> str | int | float | bool | None:
    """What an attribute says, without its own attributes; the last one where it is repeated.
    None for a list, a container, or nothing."""
    while isinstance(value, dict):
        inner = value.get("value")
        if inner is None:
            repeated = value.get("repeated")
            if isinstance(repeated, list):
                inner = repeated[-1]
            else:
                inner = value.get("date") or value.get("id") or value.get("float")
        if not isinstance(inner, str | int | float | dict):
            return None
        value = inner
    return value


def text_of(value: Value | None) -> str | None:
    """An attribute as text, the way its file writes it; None where it has no single value."""
    if isinstance(value, str):  # nearly all are
        return value
    said = plain(value)
    if said is None or isinstance(said, str):
        return said
    if isinstance(said, bool):
        return "true" if said else "false"
    return str(said)


def moment(value: Value | None) -> datetime | None:
    """The moment that an attribute names, in UTC; one without an offset is taken as UTC.

    Raises ValueError where there is a value that names no moment of the years 1 to 9999.
    """
    said = text_of(value)
    if said is None:
        return None
    try:
        read = datetime.fromisoformat(said.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{said[:40]!r} is not a date and time") from error
