"""An event of the feed as JSON, without what its reader may not see."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from domain.task.events import TaskMovedToProject
from domain.values.recorded import Recorded
from domain.values.text import Erased
from infra.event_store.event_types import EVENT_TYPES
from infra.event_store.rows import StoredRow, moment

from .told import NAMES

# Of a task that went where the reader may not look, nothing is told but that it went.
_OF_WHAT_LEFT: Final = ("was_project_id", "was_project_key", "was_number")
_ID: Final = re.compile(r"(?:task|proj)_[0-9a-z]{26}")
_WRITTEN: Final = {each.event: frozenset({*each.content, *each.identity}) for each in EVENT_TYPES}

_encode = msgspec.json.Encoder().encode

MaySee = Callable[[str], bool]


class Actor(msgspec.Struct, frozen=True):
    user_id: str
    name: msgspec.Raw


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`erased` names fields of `data` whose text was made unreadable for ever; of an `unreadable`
    event nothing can be told but that it stands there."""

    position: int
    stream: str
    version: int
    type: str
    data: msgspec.Raw | None
    actor: Actor | None
    recorded_at: Any
    occurred_at: Any = msgspec.UNSET
    caused_by: str | msgspec.UnsetType = msgspec.UNSET
    erased: tuple[str, ...] = ()
    unreadable: bool = False


def ids_named(recorded: Recorded) -> set[str]:
    """Ids of tasks and projects that an event names, its free texts apart."""
    found: set[str] = set()
    for value in _open(recorded.event).values():
        _collect(msgspec.to_builtins(value), found)
    return found


def shown(
    recorded: Recorded,
    names: Mapping[str, bytes],
    may_see: MaySee | None,
    *,
    whole: bool,
) -> bytes:
    """The event; `may_see` tells which of the tasks and projects that it names its reader may see
    (None: all). Without `whole` it is about a task that the reader may not see."""
    event, stamp = recorded.event, recorded.stamp
    values, erased = fields_of(event)
    if not whole:
        assert isinstance(event, TaskMovedToProject), "only a task that left is told in part"
        values, erased = {name: values[name] for name in _OF_WHAT_LEFT}, ()
    if may_see is not None:
        for name in values.keys() - _WRITTEN[type(event)]:
            values[name] = _without(msgspec.to_builtins(values[name]), may_see)
    return _encode(
        Change(
            position=stamp.position,
            stream=stamp.stream,
            version=stamp.version,
            type=NAMES[type(event)],
            data=msgspec.Raw(_encode(values)),
            actor=Actor(stamp.actor, msgspec.Raw(names.get(stamp.actor, b"null"))),
            recorded_at=stamp.recorded_at,
            occurred_at=stamp.occurred_at or msgspec.UNSET,
            caused_by=recorded.origin.causation_id or msgspec.UNSET,
            erased=erased,
        )
    )


def fields_of(event: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What an event says, by field, and the fields whose text was erased, which are None then."""
    values = {each.name: getattr(event, each.name) for each in dataclasses.fields(event)}
    erased = tuple(name for name, value in values.items() if isinstance(value, Erased))
    values.update(dict.fromkeys(erased))
    return values, erased


def unreadable(row: StoredRow) -> bytes:
    """An event that does not hold what was once written."""
    return _encode(
        Change(
            position=row.position,
            stream=row.stream,
            version=row.version,
            type=row.type,
            data=None,
            actor=None,
            recorded_at=moment(row.recorded_at),
            unreadable=True,
        )
    )


def _open(event: Any) -> Mapping[str, Any]:
    """The fields that hold no free text."""
    written = _WRITTEN[type(event)]
    return {
        each.name: getattr(event, each.name)
        for each in dataclasses.fields(event)
        if each.name not in written
    }


def _collect(value: Any, found: set[str]) -> None:
    if isinstance(value, str):
        if _ID.fullmatch(value):
            found.add(value)
    elif isinstance(value, list | tuple):
        for each in value:
            _collect(each, found)
    elif isinstance(value, dict):
        for each in value.values():
            _collect(each, found)


def _without(value: Any, may_see: MaySee) -> Any:
    """Ids that the reader may not see are left out of lists, and null elsewhere."""
    if isinstance(value, str):
        return value if _may(value, may_see) else None
    if isinstance(value, list | tuple):
        return [
            _without(each, may_see)
            for each in value
            if not isinstance(each, str) or _may(each, may_see)
        ]
    if isinstance(value, dict):
        return {key: _without(each, may_see) for key, each in value.items()}
    return value


def _may(text: str, may_see: MaySee) -> bool:
    return not _ID.fullmatch(text) or may_see(text)
