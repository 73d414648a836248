"""Intervals: what each field of a task held, from when until when, and who changed it.

One row for each value of a field and each time that it stood there; of a field that holds several
(assignees, labels, choices) one for each of them. Values are ids, keys, levels, names of labels,
moments and numbers, as text; the empty text stands for nothing. Titles and descriptions are not
kept here; of a text in a custom field no more than its beginning.

What a task was made with stands in one row of `made`, since when and by whom beside it: each of
these values has a row of its own from when it ends, until then none. What every task begins with
is not even named there: a task without rows of a field and without such a value has held what
`begins_with` says since it was made, or, where it says None, what it holds now.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from domain.project.fields import FieldValue
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskParentChanged,
    TaskPrioritised,
    TaskPurged,
    TaskRecordImported,
    TaskRestored,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.values.priority import DEFAULT_LEVEL
from domain.values.recorded import Recorded
from domain.values.stamp import Stamp
from domain.values.text import Erased

from .projection import Projection, Rows, Scan, Table
from .task_answers import number

EMPTY: Final = ""
LASTS: Final = 0
SAID: Final = "\x00"  # no value is that

# Names of custom fields behind these; what has several values has a name of its own.
FIELD: Final = "fields."
CHOICES: Final = "choices."
MOST_CHARACTERS: Final = 200

# What is asked by its very value, so that an index of values finds whoever was made with it; of
# moments people ask for spans.
HELD: Final = frozenset({"status", "priority", "type", "assignee", "label", "parent"})

_SEVERAL: Final = frozenset({"assignee", "label"})

_YES, _NO = "true", "false"

# What a task holds that says nothing else; a project is always said, but hardly ever changes.
BEGINS_WITH: Final[Mapping[str, str | None]] = {
    "priority": str(DEFAULT_LEVEL),
    "type": "task",
    "assignee": EMPTY,
    "label": EMPTY,
    "parent": EMPTY,
    "due": EMPTY,
    "start": EMPTY,
    "estimate": EMPTY,
    "blocked": _NO,
    "trashed": _NO,
    "project": None,
}


def has_several(field: str) -> bool:
    """Whether it holds several values: of any other field, each change begins one."""
    return field in _SEVERAL or field.startswith(CHOICES)


def begins_with(field: str) -> str | None:
    """What a task that names no value of the field has held since it was made; None: what it holds
    now; `SAID`: every task names one."""
    if field.startswith((FIELD, CHOICES)):
        return None
    return BEGINS_WITH.get(field, SAID)


def made_with(workspace_id: str, field: str, value: str) -> str:
    """A value as the row in `made` names it, for an index that knows no workspaces."""
    return f"{workspace_id} {field} {value}"


def made_by(workspace_id: str, user_id: str) -> str:
    """Who made the task, as its row in `made` names them."""
    return f"{workspace_id} made {user_id}"


def kept(value: FieldValue) -> str:
    """One value of a custom field as it is kept."""
    match value:
        case bool():
            return _YES if value else _NO
        case str():
            return value[:MOST_CHARACTERS]
        case int() | float() | None:
            return as_value(value)
        case _:
            raise TypeError(f"several values: {value!r}")


@dataclass(slots=True)
class IntervalRow:
    """`to_position` is LASTS (0) while the value stands there, and then nothing else is said of
    the end. `from_at` and `to_at` are when it happened (an import's own time), `..._recorded`
    when the log was told. `since_made`: the task was made with it."""

    task_id: str
    field: str
    value: str
    to_position: int
    workspace_id: str
    from_position: int
    from_at: datetime
    from_recorded: datetime
    from_by: str
    since_made: bool
    to_at: datetime | None = None
    to_recorded: datetime | None = None
    to_by: str | None = None


@dataclass(slots=True)
class MadeRow:
    """Since when a task is there. `held`: who made it, and all that it was made with and that does
    not go without saying, of the fields `HELD`."""

    task_id: str
    workspace_id: str
    from_position: int
    from_at: datetime
    from_recorded: datetime
    from_by: str
    held: Sequence[str]


@dataclass(slots=True)
class RecordRow:
    """The last record of an imported task, and whose it was: what stands behind it in the same
    commit, at the same time, is what that person did."""

    task_id: str
    workspace_id: str
    command_id: str
    at: datetime | None
    who: str | None


INTERVALS = Table(
    "intervals",
    IntervalRow,
    {
        "task_id": "text",
        "field": "text",
        "value": "text",
        "to_position": "bigint",
        "workspace_id": "text",
        "from_position": "bigint",
        "from_at": "timestamptz",
        "from_recorded": "timestamptz",
        "from_by": "text",
        "since_made": "boolean",
        "to_at": "timestamptz",
        "to_recorded": "timestamptz",
        "to_by": "text",
    },
    key=("task_id", "field", "value", "to_position"),
    indexes=(
        "(workspace_id, field, value, from_at)",
        "(workspace_id, field, value, to_at) WHERE to_at IS NOT NULL",
        "(workspace_id, from_by, field, from_at)",
    ),
)

# A short list of what is not yet in the index: whoever asks goes through all of it.
MADE = Table(
    "made",
    MadeRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "from_position": "bigint",
        "from_at": "timestamptz",
        "from_recorded": "timestamptz",
        "from_by": "text",
        "held": "text[]",
    },
    key=("task_id",),
    indexes=("USING gin (held) WITH (gin_pending_list_limit = 256)",),
)

RECORDS = Table(
    "records",
    RecordRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "command_id": "text",
        "at": "timestamptz",
        "who": "text",
    },
    key=("task_id",),
)


class _Change(NamedTuple):
    """What a field held before an event and after it."""

    field: str
    was: tuple[str, ...]
    now: tuple[str, ...]


def as_value(value: str | float | datetime | None) -> str:
    """One value as it is kept. Moments of any two sort as their texts do."""
    match value:
        case None:
            return EMPTY
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case str():
            return value
        case _:
            return str(number(value))


def _one(field: str, was: str | float | datetime | None, now: Any) -> _Change:
    return _Change(field, (as_value(was),), (as_value(now),))


def _some(field: str, was: tuple[str, ...], now: tuple[str, ...]) -> _Change:
    return _Change(field, was or (EMPTY,), now or (EMPTY,))


_CHANGES: Final[Mapping[type, Callable[[Any], _Change]]] = {
    TaskStatusChanged: lambda event: _one("status", event.was, event.status),
    TaskPrioritised: lambda event: _one("priority", event.was, event.priority),
    TaskTypeChanged: lambda event: _one("type", event.was, event.type),
    TaskAssigned: lambda event: _some("assignee", event.was, event.assignee_ids),
    TaskTagged: lambda event: _some("label", event.was, event.tags),
    TaskParentChanged: lambda event: _one("parent", event.was, event.parent_task_id),
    TaskDueDateChanged: lambda event: _one("due", event.was, event.due_date),
    TaskStartDateChanged: lambda event: _one("start", event.was, event.start_date),
    TaskEstimateChanged: lambda event: _one("estimate", event.was, event.estimate),
    TaskMovedToProject: lambda event: _one("project", event.was_project_id, event.project_id),
    TaskBlocked: lambda _: _one("blocked", _NO, _YES),
    TaskUnblocked: lambda _: _one("blocked", _YES, _NO),
    TaskTrashed: lambda _: _one("trashed", _NO, _YES),
    TaskRestored: lambda _: _one("trashed", _YES, _NO),
}


def _made(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    stamp = recorded.stamp
    workspace_id = stamp.workspace_id
    held = [
        made_by(workspace_id, stamp.actor),
        made_with(workspace_id, "status", event.status),
        *[made_with(workspace_id, "assignee", each) for each in event.assignee_ids],
        *[made_with(workspace_id, "label", each) for each in event.tags],
    ]
    if event.priority != DEFAULT_LEVEL:
        held.append(made_with(workspace_id, "priority", as_value(event.priority)))
    if event.type != BEGINS_WITH["type"]:
        held.append(made_with(workspace_id, "type", event.type))
    if event.parent_task_id is not None:
        held.append(made_with(workspace_id, "parent", event.parent_task_id))
    rows.add(
        "made",
        MadeRow(
            stamp.stream,
            workspace_id,
            stamp.position,
            stamp.at,
            stamp.recorded_at,
            stamp.actor,
            held,
        ),
    )
    for field, value in (
        ("due", event.due_date),
        ("start", event.start_date),
        ("estimate", event.estimate),
    ):
        if value is not None:
            row = _begun(stamp, stamp.actor, field, as_value(value), since_made=True)
            rows.add("intervals", row)


def _imported(recorded: Recorded, rows: Rows) -> None:
    event: TaskRecordImported = recorded.event
    stamp = recorded.stamp
    rows.put(
        "records",
        RecordRow(
            stamp.stream,
            stamp.workspace_id,
            recorded.command_id,
            stamp.occurred_at,
            event.resource_id,
        ),
    )


def _purged(recorded: Recorded, rows: Rows) -> None:
    task_id = recorded.stamp.stream
    for row in rows.scan("intervals", "task_id", task_id):
        rows.delete("intervals", task_id, row.field, row.value, row.to_position)
    rows.delete("made", task_id)
    rows.delete("records", task_id)


def _of_task(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("intervals", "task_id", recorded.stamp.stream),)


def _changed(recorded: Recorded, rows: Rows) -> None:
    _change(_CHANGES[type(recorded.event)](recorded.event), recorded, rows)


def _fields_changed(recorded: Recorded, rows: Rows) -> None:
    for change in _changes_of_fields(recorded, rows):
        _change(change, recorded, rows)


def _changes_of_fields(recorded: Recorded, rows: Rows | None = None) -> Iterable[_Change]:
    """Values that were erased are not known, nor which they were. Where those that stood there
    before were, `rows` say what lasts."""
    event: TaskFieldsChanged = recorded.event
    for key, now in () if isinstance(event.fields, Erased) else event.fields.items():
        was = None if isinstance(event.was, Erased) else event.was.get(key)
        for name, values in ((FIELD, _single), (CHOICES, _several)):
            before, after = values(was), values(now)
            if isinstance(event.was, Erased) and rows is not None:
                before = _lasting(rows, recorded.stream, f"{name}{key}") or before
            if before != after:
                yield _Change(f"{name}{key}", before, after)


def _single(value: FieldValue) -> tuple[str, ...]:
    return (EMPTY,) if isinstance(value, tuple) else (kept(value),)


def _several(value: FieldValue) -> tuple[str, ...]:
    each = map(kept, value) if isinstance(value, tuple) else ()
    return tuple(dict.fromkeys(each)) or (EMPTY,)


def _lasting(rows: Rows, task_id: str, field: str) -> tuple[str, ...]:
    return tuple(
        row.value
        for row in rows.scan("intervals", "task_id", task_id)
        if row.field == field and row.to_position == LASTS
    )


def _if_erased(recorded: Recorded) -> Iterable[Scan]:
    return _of_task(recorded) if isinstance(recorded.event.was, Erased) else ()


def _change(change: _Change, recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    field, was, now = change
    begun = [each for each in now if each not in was and not _lasts(rows, stamp, field, each)]
    ended = [each for each in was if each not in now]
    if not begun and set(now).isdisjoint(was):
        return  # it is so already
    who = _who(recorded, rows)
    closed = [_end(rows, stamp, who, field, each) for each in ended]
    for each in begun:
        # A task that was never blocked is not unblocked either.
        if any(closed) or each != begins_with(field):
            rows.put("intervals", _begun(stamp, who, field, each, since_made=False))


def _lasts(rows: Rows, stamp: Stamp, field: str, value: str) -> bool:
    return rows.get("intervals", stamp.stream, field, value, LASTS) is not None


def _begun(stamp: Stamp, who: str, field: str, value: str, *, since_made: bool) -> IntervalRow:
    return IntervalRow(
        stamp.stream,
        field,
        value,
        LASTS,
        stamp.workspace_id,
        stamp.position,
        stamp.at,
        stamp.recorded_at,
        who,
        since_made,
    )


def _end(rows: Rows, stamp: Stamp, who: str, field: str, value: str) -> bool:
    """Whether there was anything to end."""
    begun: IntervalRow | None = rows.get("intervals", stamp.stream, field, value, LASTS)
    since: IntervalRow | MadeRow | None = begun
    if begun is not None:
        rows.delete("intervals", stamp.stream, field, value, LASTS)
    else:
        since = _since_made(rows, stamp, field, value)
    if since is None:
        return False  # the view has not heard of its beginning
    rows.add(
        "intervals",
        IntervalRow(
            stamp.stream,
            field,
            value,
            stamp.position,
            stamp.workspace_id,
            since.from_position,
            since.from_at,
            since.from_recorded,
            since.from_by,
            begun is None or begun.since_made,
            stamp.at,
            stamp.recorded_at,
            who,
        ),
    )
    return True


def _since_made(rows: Rows, stamp: Stamp, field: str, value: str) -> MadeRow | None:
    """The task's row in `made`, where it says that the task was made with the value."""
    made: MadeRow | None = rows.get("made", stamp.stream)
    if made is None or begins_with(field) in (None, SAID, value):
        return made
    return made if made_with(stamp.workspace_id, field, value) in made.held else None


def _who(recorded: Recorded, rows: Rows) -> str:
    """Of what came in from elsewhere, the person there."""
    stamp = recorded.stamp
    if stamp.occurred_at is None:
        return stamp.actor
    record: RecordRow | None = rows.get("records", stamp.stream)
    if record is None or (record.command_id, record.at) != (recorded.command_id, stamp.occurred_at):
        return stamp.actor
    return record.who or stamp.actor


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event, stamp = recorded.event, recorded.stamp
    change = _CHANGES.get(type(event))
    if change is not None:
        changes: Iterable[_Change] = (change(event),)
    elif isinstance(event, TaskFieldsChanged):
        changes = _changes_of_fields(recorded)
    else:
        return
    yield ("made", stamp.stream)
    if stamp.occurred_at is not None:
        yield ("records", stamp.stream)
    for field, was, now in changes:
        for value in dict.fromkeys((*was, *now)):
            yield ("intervals", stamp.stream, field, value, LASTS)


INTERVALS_VIEW = Projection(
    name="intervals",
    version=3,
    tables=(INTERVALS, MADE, RECORDS),
    keyed_by_text=True,
    folds={
        TaskCreated: _made,
        TaskRecordImported: _imported,
        TaskFieldsChanged: _fields_changed,
        TaskPurged: _purged,
        **dict.fromkeys(_CHANGES, _changed),
    },
    reads=_reads,
    scans={TaskFieldsChanged: _if_erased, TaskPurged: _of_task},
    unread={TaskCreated: frozenset({"title", "description", "external_id"})},
    by_workspace=True,
)
