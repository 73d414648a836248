"""The history of a task's fields, made from its stream: one entry for each field that changed.

Fields, by the names that the task's answer has: `title`, `description`, `status`, `priority` (the
band, or `priority_level` where only the level within a band changed), `assignees`, `due_date`,
`due_all_day`, `start_date`, `estimate`, `type`, `tags`, `fields.<key>` for each custom field,
`rank` (where the card moved within its status, not where it got another one in its place),
`parent_task_id`, `project_id`, `key`, `blocked_by`, `blocking`, `is_blocked`, `trashed_at`.

Values have the form that they have in the answer, people included; long texts are cut, and a text
whose writer was erased is null, its entry marked `erased`. What a task was made with is the old
value of its first change.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from domain.task.events import TaskRespaced
from domain.task.state import TASK, Task
from domain.values.priority import band_of
from domain.values.recorded import Recorded
from domain.values.text import Erased

from .labels import held
from .other_tasks import task_marks
from .people import Named, named, person
from .task_answers import number
from .typeids import entry_id

_MOST_CHARACTERS: Final = 5_000


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one event did to one field. `erased`: a text of it cannot be read any more."""

    id: str
    field: str
    old_value: Any
    new_value: Any
    erased: bool
    actor: Named
    timestamp: datetime
    occurred_at: datetime | None
    position: int
    command_id: str


class _Change(NamedTuple):
    field: str
    old: Any
    new: Any


_Shown = Callable[[Any], Any]


def _people(user_ids: Iterable[str]) -> list[Any]:
    return [person(user_id) for user_id in user_ids]


def _as_it_is(value: Any) -> Any:
    return value


# Fields of the state that are shown, as they are called in the answer, and their values there.
_FIELDS: Final[Mapping[str, tuple[str, _Shown]]] = {
    "title": ("title", _as_it_is),
    "description": ("description", _as_it_is),
    "status": ("status", _as_it_is),
    "assignee_ids": ("assignees", _people),
    "due_date": ("due_date", _as_it_is),
    "due_all_day": ("due_all_day", _as_it_is),
    "start_date": ("start_date", _as_it_is),
    "estimate": ("estimate", number),
    "type": ("type", _as_it_is),
    "tags": ("tags", _as_it_is),
    "parent_task_id": ("parent_task_id", _as_it_is),
    "project_id": ("project_id", _as_it_is),
    "key": ("key", _as_it_is),
    "blocked_by": ("blocked_by", task_marks),
    "blocking": ("blocking", task_marks),
    "is_blocked": ("is_blocked", _as_it_is),
    "trashed_at": ("trashed_at", _as_it_is),
}

# Other names by which a field may be asked for.
_ALSO: Final[Mapping[str, str]] = {
    "priority_level": "priority",
    "assignee_ids": "assignees",
    "assignee_id": "assignees",
    "assignee": "assignees",
    "trashed": "trashed_at",
}

HISTORY_FIELDS: Final = (
    *dict.fromkeys(name for name, _ in _FIELDS.values()),
    "priority",
    "rank",
    "fields",
)


def asked_field(name: str) -> str | None:
    """The field that somebody asks for, `fields.<key>` for one custom field; None: no such one."""
    wanted = _ALSO.get(name, name)
    return wanted if wanted in HISTORY_FIELDS or wanted.startswith("fields.") else None


def field_history(
    recorded: Iterable[Recorded], fields: Collection[str] = ()
) -> tuple[HistoryEntry, ...]:
    """The entries of a task's whole stream, the newest first, of one event the first field first;
    of `fields` only, as `asked_field` gives them, where there are any."""
    found: list[HistoryEntry] = []
    state: Task | None = None
    for each in recorded:
        following = TASK.evolve(state, each.event, each.stamp)
        moved = not isinstance(each.event, TaskRespaced)
        if state is not None and following is not None and moved:
            changes = [change for change in _changes(state, following) if _asked(change, fields)]
            found += [_entry(each, *one) for one in enumerate(reversed(changes))]
        state = following
    return tuple(reversed(found))


def _asked(change: _Change, fields: Collection[str]) -> bool:
    if not fields:
        return True
    name = _ALSO.get(change.field, change.field)
    return name in fields or (name.startswith("fields.") and "fields" in fields)


def _changes(before: Task, after: Task) -> Iterator[_Change]:
    for name, (shown, value) in _FIELDS.items():
        old, new = getattr(before, name, None), getattr(after, name, None)
        if old is new or old == new:
            continue
        if name == "tags":
            places = (held(after.workspace_id, each.tags) for each in (before, after))
            yield _Change(shown, *places)
        else:
            yield _Change(shown, _text(old, value), _text(new, value))
    yield from _priority(before.priority, after.priority)
    stayed = (before.project_id, before.status) == (after.project_id, after.status)
    if before.rank != after.rank and stayed:
        yield _Change("rank", before.rank, after.rank)
    if before.fields is not after.fields:
        for key in dict.fromkeys([*before.fields, *after.fields]):
            old, new = before.fields.get(key), after.fields.get(key)
            if old != new:
                yield _Change(f"fields.{key}", old, new)


def _priority(before: int, after: int) -> Iterator[_Change]:
    """By the band's name where the band changed, else by level."""
    old, new = band_of(before), band_of(after)
    if old != new:
        yield _Change("priority", old, new)
    elif before != after:
        yield _Change("priority_level", before, after)


def _text(value: Any, shown: _Shown) -> Any:
    return value if value is None or isinstance(value, Erased) else shown(value)


def _entry(recorded: Recorded, ordinal: int, change: _Change) -> HistoryEntry:
    stamp = recorded.stamp
    return HistoryEntry(
        id=entry_id("act", stamp.recorded_at, stamp.position, ordinal),
        field=change.field,
        old_value=_readable(change.old),
        new_value=_readable(change.new),
        erased=isinstance(change.old, Erased) or isinstance(change.new, Erased),
        actor=named(stamp.actor),
        timestamp=stamp.recorded_at,
        occurred_at=stamp.occurred_at,
        position=stamp.position,
        command_id=recorded.command_id,
    )


def _readable(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        return value[:_MOST_CHARACTERS] + "…"
    return None if isinstance(value, Erased) else value
