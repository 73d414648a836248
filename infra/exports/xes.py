"""A project as an event log in XES (IEEE 1849): a task is a trace, what its status says an event.

A record that was imported goes out as it came in. Of what happened here an event is written for
each status that a task came into, the first included; everything else is in other formats.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import field
from itertools import permutations
from typing import Final, cast

from commands.imports.event_log import LIFECYCLE, NAME, RESOURCE, TIME, Attributes, Value, text_of
from commands.imports.reading import one_line
from domain.project.fields import FieldValue
from domain.project.state import Project
from domain.task.events import (
    TaskCreated,
    TaskMovedToProject,
    TaskRecordImported,
    TaskStatusChanged,
)
from domain.values.frozen import dataclass
from domain.values.moment import written
from domain.values.recorded import Recorded
from domain.values.text import Erased, readable, shown
from infra.exports.histories import History
from infra.exports.people import Names
from infra.exports.xes_values import attribute, attributes

_IMPORTED: Final = "import"
_LOOKED_THROUGH: Final = 256  # histories from which the parts of a status are learnt
_MOST_PARTS: Final = 3
_MOST_TRIED: Final = 10
_FLUSH_BYTES: Final = 256 * 1024
_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
"""


async def xes(
    project: Project, histories: AsyncIterator[History], names: Names
) -> AsyncIterator[bytes]:
    """The file in pieces; `histories` are the project's tasks in the order of their traces."""
    first: list[History] = []
    async for history in histories:
        first.append(history)
        if len(first) == _LOOKED_THROUGH:
            break
    parts = _learnt(first)
    yield _begin(project, parts).encode()
    statuses = {status.key: status.name for status in project.workflow.statuses}
    writer = _Writer(project, parts, statuses, names)
    pieces: list[str] = []
    size = 0

    async def every() -> AsyncIterator[History]:
        for history in first:
            yield history
        async for history in histories:
            yield history

    async for history in every():
        trace = await writer.trace(history)
        pieces.append(trace)
        size += len(trace)
        if size >= _FLUSH_BYTES:
            yield "".join(pieces).encode()
            pieces.clear()
            size = 0
    yield ("".join(pieces) + "</log>\n").encode()


@dataclass(frozen=True, slots=True)
class _Parts:
    """Of which attributes of an event its status is made, and what stands for one that an event
    lacks."""

    keys: tuple[str, ...] = (NAME,)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Writer:
    project: Project
    parts: _Parts
    statuses: Mapping[str, str]
    names: Names

    async def trace(self, history: History) -> str:
        events = [each for each in history.events if self._is_event(each)]
        imported = [each.event for each in events if isinstance(each.event, TaskRecordImported)]
        names = await self.names.of({each.stamp.actor for each in events})
        own = {NAME: self._name(history), **self._of_trace(history, imported)}
        lines = "".join(
            f"<event>{attributes(self._said(each, names))}</event>\n" for each in events
        )
        return f"<trace>\n{attributes(own)}\n{lines}</trace>\n"

    def _name(self, history: History) -> str:
        task = history.task
        return readable(task.external_id) or task.key

    def _of_trace(
        self, history: History, records: Sequence[TaskRecordImported]
    ) -> dict[str, Value]:
        """What the trace said beside its name, as far as the import kept it: those fields that the
        task was made with and none of its records names. Of a task made here, its title."""
        first = history.events[0]
        made = first.event
        if not isinstance(made, TaskCreated):
            return {}
        if first.origin.via != _IMPORTED:
            return {"title": shown(history.task.title)}
        if isinstance(made.fields, Erased):
            return {}
        of_events = {
            name
            for record in records
            if not isinstance(record.attributes, Erased)
            for name in record.attributes
        }
        definitions = {each.key: each for each in self.project.fields}
        return {
            definitions[key].name: _typed(definitions[key].type, value)
            for key, value in made.fields.items()
            if key in definitions and value is not None and definitions[key].name not in of_events
        }

    def _is_event(self, recorded: Recorded) -> bool:
        event = recorded.event
        if isinstance(event, TaskRecordImported):
            return True
        if recorded.origin.via == _IMPORTED:
            return False  # it says in our words what a record beside it says in its own
        return isinstance(event, TaskCreated | TaskStatusChanged | TaskMovedToProject)

    def _said(self, recorded: Recorded, names: Mapping[str, str | None]) -> Mapping[str, Value]:
        event = recorded.event
        if isinstance(event, TaskRecordImported):
            return self._of_record(recorded, event)
        said: dict[str, Value] = dict(self._of_status(self._status(recorded)))
        said.setdefault(LIFECYCLE, "complete")
        name = names.get(recorded.stamp.actor)
        if name is not None:
            said[RESOURCE] = name
        said[TIME] = {"date": written(recorded.stamp.at)}
        return said

    def _status(self, recorded: Recorded) -> str:
        event = recorded.event
        if isinstance(event, TaskMovedToProject):
            return f"moved from {event.was_project_key}"
        key: str = event.status
        return self.statuses.get(key, key)

    def _of_status(self, name: str) -> Mapping[str, str]:
        """A status's name taken apart as those of imported events are."""
        said = name.split("+")
        if len(said) != len(self.parts.keys):
            return {NAME: name}
        return {NAME: name, **dict(zip(self.parts.keys, said, strict=True))}

    def _of_record(self, recorded: Recorded, record: TaskRecordImported) -> Mapping[str, Value]:
        if isinstance(record.attributes, Erased):
            said: dict[str, Value] = {}
            if record.activity is not None:
                said[NAME] = record.activity
            if record.lifecycle is not None:
                said[LIFECYCLE] = record.lifecycle
            if recorded.stamp.occurred_at is not None:
                said[TIME] = {"date": written(recorded.stamp.occurred_at)}
            return said
        attributes: dict[str, Value] = dict(record.attributes)  # type: ignore[arg-type]  # as imported
        if RESOURCE not in attributes and isinstance(record.resource, str):
            attributes[RESOURCE] = record.resource
        return attributes


def _typed(type_: str, value: FieldValue) -> Value:
    """A custom field's value as the attribute that it was."""
    match value:
        case str() if type_ == "date":
            return {"date": value}
        case tuple():
            return {"list": [["value", each] for each in value]}
        case None:
            return ""
        case _:
            return value


def _begin(project: Project, parts: _Parts) -> str:
    defaults = "".join(
        attribute(key, parts.defaults.get(key, "")) for key in dict.fromkeys((NAME, *parts.keys))
    )
    keys = " ".join(f"'{_escaped(key)}'" if " " in key else key for key in parts.keys)
    quoted = attribute("keys", keys).partition(" value=")[2].removesuffix("/>")
    return (
        f"{_HEAD}"
        f'<global scope="trace">{attribute(NAME, "")}</global>\n'
        f'<global scope="event">{defaults}</global>\n'
        f'<classifier name="Status" keys={quoted}/>\n'
        f"{attribute(NAME, shown(project.name, project.key))}\n"
    )


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace("'", "\\'")


def _learnt(histories: Sequence[History]) -> _Parts:
    """The attributes that make the status of all these records: the log of which they came is not
    here any more to say it."""
    records = [
        (each.event.status, cast("Attributes", each.event.attributes))
        for history in histories
        for each in history.events
        if isinstance(each.event, TaskRecordImported)
        and not isinstance(each.event.attributes, Erased)
    ]
    if not records:
        return _Parts()
    fullest = max(records, key=lambda record: len(record[1]))
    for keys in _candidates(*fullest):
        defaults: dict[str, str] = {}
        if all(_agrees(keys, status, said, defaults) for status, said in records):
            return _Parts(keys, defaults)
    return _Parts()


def _candidates(status: str, said: Attributes) -> list[tuple[str, ...]]:
    """Attributes whose values, joined, are this status; the usual ones first."""
    texts = {key: text for key, value in said.items() if (text := text_of(value)) is not None}
    usual = [key for key in (NAME, LIFECYCLE) if key in texts]
    others = [key for key in texts if key not in usual and texts[key] in status][:_MOST_TRIED]
    return [
        keys
        for count in range(1, _MOST_PARTS + 1)
        for keys in permutations((*usual, *others), count)
        if one_line("+".join(texts[key] for key in keys)) == status
    ]


def _agrees(keys: tuple[str, ...], status: str, said: Attributes, defaults: dict[str, str]) -> bool:
    """Whether these attributes make this status; what stands for one that is missing is noted."""
    texts = [text_of(said[key]) if key in said else defaults.get(key) for key in keys]
    missing = [key for key, text in zip(keys, texts, strict=True) if text is None]
    if not missing:
        return one_line("+".join(map(str, texts))) == status
    parts = status.split("+")
    if len(missing) > 1 or len(parts) != len(keys):
        return False
    at = keys.index(missing[0])
    if any(text not in (None, part) for text, part in zip(texts, parts, strict=True)):
        return False
    defaults[missing[0]] = parts[at]
    return True
