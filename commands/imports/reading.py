"""How the events of a log are to be understood: as records of who did what to a task, and when."""

import re
from datetime import datetime
from typing import Final

from commands.imports.event_log import (
    NAME,
    RESOURCE,
    TIME,
    Attributes,
    Broken,
    Classifier,
    Header,
    LoggedEvent,
    Trace,
    Value,
    moment,
    text_of,
)
from domain.errors import Invalid, invalid
from domain.values.frozen import dataclass
from domain.values.limits import Limits

# What XML may say and a name of ours may not: lines, tabs and the C1 controls.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Faulty(Exception):
    """A trace cannot come in. `line` is where the fault lies."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason

    def of(self, trace: Trace) -> Broken:
        return Broken(self.line, trace.line, trace.name, len(trace.events), self.reason)


@dataclass(frozen=True, slots=True)
class Record:
    """One event of a trace. `status` is its classifier value, `resource` who did it; `at` is its
    own time, else that of the record before it, which it cannot precede, if any tells one."""

    ordinal: int
    status: str
    resource: str | None
    at: datetime | None
    attributes: Attributes
    line: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What gives an event its status in this import, and how long its texts may be."""

    classifier: Classifier
    defaults: Attributes
    limits: Limits

    def name(self, trace: Trace) -> str:
        """The trace's name, which becomes a task's title. Raises Faulty."""
        name = one_line(trace.name)
        if not name:
            raise Faulty(trace.line, f"the trace has no {NAME}")
        if len(name) > self.limits.title:
            raise Faulty(trace.line, f"its {NAME} is longer than {self.limits.title} characters")
        return name

    def records(self, trace: Trace) -> tuple[Record, ...]:
        """Its events in the file's order. Raises Faulty for one that cannot come in."""
        read: list[Record] = []
        at: datetime | None = None
        for ordinal, event in enumerate(trace.events, 1):
            try:
                at = moment(event.attributes.get(TIME)) or at
                status = self._status(event)
                resource = self._resource(event)
            except ValueError as error:
                raise Faulty(event.line, str(error)) from error
            read.append(Record(ordinal, status, resource, at, event.attributes, event.line))
        return tuple(read)

    def is_field_of_event(self, key: str) -> bool:
        """Whether nothing else of a task shows this attribute of an event."""
        return key not in (RESOURCE, TIME) and key not in self.classifier.keys

    def is_field_of_trace(self, key: str) -> bool:
        return key != NAME

    def _status(self, event: LoggedEvent) -> str:
        values = [
            text_of(event.attributes.get(key, self.defaults.get(key))) or ""
            for key in self.classifier.keys
        ]
        if not any(map(str.strip, values)):
            wanted = " or ".join(map(repr, self.classifier.keys))
            raise ValueError(f"the event has no {wanted}, which its status is made of")
        status = one_line("+".join(values))
        if len(status) > self.limits.name:
            raise ValueError(f"its status is longer than {self.limits.name} characters")
        return status

    def _resource(self, event: LoggedEvent) -> str | None:
        name = one_line(text_of(event.attributes.get(RESOURCE)))
        if len(name) > self.limits.name:
            raise ValueError(f"its {RESOURCE} is longer than {self.limits.name} characters")
        return name or None


def one_line(text: str | None) -> str:
    """As names of ours may be."""
    return _CONTROL.sub(" ", text).strip() if text else ""


def reading(header: Header, wanted: str | None, limits: Limits) -> Reading:
    """By the log's first event classifier, or the one `wanted` by name; by `concept:name` where
    it declares none. Raises Invalid where there is none of that name."""
    plain = Classifier(NAME, (NAME,))
    chosen = header.classifiers[0] if header.classifiers else plain
    if wanted is not None:
        named = [each for each in (*header.classifiers, plain) if each.name == wanted]
        if not named:
            raise _unknown(header, wanted)
        chosen = named[0]
    return Reading(chosen, header.event_defaults, limits)


def _unknown(header: Header, wanted: str) -> Invalid:
    names = ", ".join(repr(each.name) for each in header.classifiers) or "none"
    return invalid(
        "/classifier", f"The log has no classifier of events {wanted!r}; it has: {names}."
    )


def field_type(value: Value) -> str | None:
    """The type of custom field that holds this attribute; None for lists and containers, which
    stand in their record alone."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "checkbox"
    if isinstance(value, int | float):
        return "number"
    if "date" in value:
        return "date"
    if "id" in value or "float" in value:
        return "text"
    inner = value.get("value")
    repeated = value.get("repeated")
    if isinstance(repeated, list):
        inner = repeated[-1]
    return field_type(inner) if isinstance(inner, str | int | float | dict) else None
