"""The past of tasks: every version that each of them had, by the log's clock and by the world's.

A version of a task is what it was from one of its events to the next. What other streams say about
a task (its comments, the tasks below it, its project's workflow) is kept apart, each with its own
span, and put together by whoever asks: so an event makes one row, whatever depends on it.

Every row holds from `first` until just before `last`, which are positions of the log, and from
`since` until just before `until`, which are microseconds of 1970 by the world's clock. On that one
a stream never goes back, and its events that have no time of their own are no later than the one
before them: at its beginning they have always been. So `since` and `until` may be the same: then
the version is one that the world's clock has never seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.project.events import ProjectCreated, ProjectWorkflowChanged
from domain.project.workflow import Status
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskParentChanged,
    TaskPrioritised,
    TaskRanked,
    TaskRecordImported,
    TaskRespaced,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.task.state import Task, evolve
from domain.values.evolved import evolved
from domain.values.recorded import Recorded
from domain.values.stamp import Stamp
from domain.values.text import ERASED, readable, shown

from .projection import Projection, Rows, Scan, Table
from .states import PackedCodec
from .tasks import title_key
from .terms import terms_of

ALWAYS: Final = -(2**63)
FOREVER: Final = 2**63 - 1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past. By the clock `recorded`, `place` is the last position that counts; by
    `occurred`, the last microsecond. `at` is what time it was; `position` is how much of the log
    has been looked at: by the world's clock, all that there was when it was asked."""

    clock: Literal["recorded", "occurred"]
    place: int
    at: datetime
    position: int


@dataclass(slots=True)
class VersionRow:
    """One version of a task. `state` is the task without its description, which stands in `texts`;
    `status_category` is what its own events say, at `status_since`. `fields` are its custom ones,
    None where it has none."""

    task_id: str
    last: int
    workspace_id: str
    first: int
    since: int
    until: int
    state: bytes | None = None
    project_id: str | None = None
    project_key: str | None = None
    number: int | None = None
    status: str | None = None
    status_category: str | None = None
    status_since: int = 0
    priority: int | None = None
    type: str | None = None
    assignee_ids: tuple[str, ...] = ()
    creator_id: str | None = None
    tags: tuple[str, ...] = ()
    due_date: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    title_key: str | None = None
    rank: str | None = None
    trashed: bool = False
    is_blocked: bool = False
    version: int = 0
    parent_task_id: str | None = None
    fields: bytes | None = None
    task: Task | None = None


@dataclass(slots=True)
class TextRow:
    """What a task is found by, and its description (None: erased): most versions of a task have
    the same."""

    task_id: str
    last: int
    workspace_id: str
    first: int
    since: int
    until: int
    description: str | None
    terms: frozenset[str] = frozenset()
    task: Task | None = None


@dataclass(slots=True)
class CommentRow:
    """A comment while it counts, or while it is deleted."""

    comment_id: str
    last: int
    workspace_id: str
    task_id: str
    first: int
    since: int
    until: int
    counts: bool


@dataclass(slots=True)
class StatusRow:
    """A status of a project while it had this name and this category. `categorised` is where it
    came into its category, 0 where it began in it: tasks that had come into the status before are
    in another category since."""

    project_id: str
    status: str
    last: int
    workspace_id: str
    name: str
    category: str
    first: int
    since: int
    until: int
    categorised: int = 0


@dataclass(slots=True)
class MovedRow:
    """In which project a task is now that has been in another one."""

    task_id: str
    workspace_id: str
    project_id: str


_VERSION_TYPES: Final = {
    "task_id": "text",
    "last": "bigint",
    "workspace_id": "text",
    "first": "bigint",
    "since": "bigint",
    "until": "bigint",
    "state": "bytea",
    "project_id": "text",
    "project_key": "text",
    "number": "bigint",
    "status": "text",
    "status_category": "text",
    "status_since": "bigint",
    "priority": "smallint",
    "type": "text",
    "assignee_ids": "text[]",
    "creator_id": "text",
    "tags": "text[]",
    "due_date": "timestamptz",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "title_key": "text",
    "rank": "text",
    "trashed": "boolean",
    "is_blocked": "boolean",
    "version": "integer",
    "parent_task_id": "text",
    "fields": "jsonb",
}
_VERSION_COMPUTED: Final = tuple(_VERSION_TYPES)[7:]

# The present version of each task, which is the only one that changes.
PRESENT = Table(
    "present",
    VersionRow,
    _VERSION_TYPES,
    key=("task_id",),
    indexes=(
        "(project_id)",
        "(workspace_id)",
        "(parent_task_id) WHERE parent_task_id IS NOT NULL",
    ),
    fillfactor=80,
    computed=_VERSION_COMPUTED,
)
# All that were before it, each written once.
VERSIONS = Table(
    "versions",
    VersionRow,
    _VERSION_TYPES,
    key=("task_id", "last"),
    indexes=(
        "(project_id, last, first)",
        "(workspace_id, last, first)",
        "(parent_task_id, last, first) WHERE parent_task_id IS NOT NULL",
        "(project_id, until, since) WHERE since < until",
    ),
    computed=_VERSION_COMPUTED,
)
TEXTS = Table(
    "texts",
    TextRow,
    {
        "task_id": "text",
        "last": "bigint",
        "workspace_id": "text",
        "first": "bigint",
        "since": "bigint",
        "until": "bigint",
        "description": "text",
        "terms": "tsvector",
    },
    key=("task_id", "last"),
    computed=("terms",),
)
COMMENTS = Table(
    "comments",
    CommentRow,
    {
        "comment_id": "text",
        "last": "bigint",
        "workspace_id": "text",
        "task_id": "text",
        "first": "bigint",
        "since": "bigint",
        "until": "bigint",
        "counts": "boolean",
    },
    key=("comment_id", "last"),
    indexes=("(task_id) WHERE counts",),
)
STATUSES = Table(
    "statuses",
    StatusRow,
    {
        "project_id": "text",
        "status": "text",
        "last": "bigint",
        "workspace_id": "text",
        "name": "text",
        "category": "text",
        "first": "bigint",
        "since": "bigint",
        "until": "bigint",
        "categorised": "bigint",
    },
    key=("project_id", "status", "last"),
)
MOVED = Table(
    "moved",
    MovedRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text"},
    key=("task_id",),
)

_json = msgspec.json.Encoder()
_states = PackedCodec(Task)


def microseconds(at: datetime) -> int:
    """A moment by the world's clock."""
    return (at - _EPOCH) // _MICROSECOND


def task_of(state: bytes, description: str | None) -> Task:
    """The task of a version, with the description that it had then."""
    return evolved(
        _states.decode(state), description=ERASED if description is None else description
    )


def since_of(stamp: Stamp, before: int = ALWAYS) -> int:
    """Where an event stands on the world's clock, behind those of its stream before it."""
    occurred = stamp.occurred_at
    return before if occurred is None else max(before, microseconds(occurred))


def _created(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    task = evolve(None, recorded.event, stamp)
    assert task is not None  # it is how a task begins
    since = since_of(stamp)
    span = (stamp.stream, FOREVER, stamp.workspace_id, stamp.position, since, FOREVER)
    rows.put("texts", TextRow(*span, readable(task.description), task=task))
    rows.put("present", VersionRow(*span, task=_undescribed(task)))


def _changed(recorded: Recorded, rows: Rows) -> None:
    _next_version(recorded, rows)


def _found_otherwise(recorded: Recorded, rows: Rows) -> None:
    """A change of what the task is found by."""
    versions = _next_version(recorded, rows)
    stamp = recorded.stamp
    row: TextRow | None = rows.get("texts", stamp.stream, FOREVER)
    if versions is None or row is None:
        return
    before, after = versions
    since = since_of(stamp, row.since)
    closed = TextRow(
        row.task_id,
        stamp.position,
        row.workspace_id,
        row.first,
        row.since,
        since,
        row.description,
        task=before,
    )
    rows.put("texts", closed)
    if isinstance(recorded.event, TaskDescribed):
        row.description = readable(recorded.event.description)
    row.first, row.since, row.task = stamp.position, since, after
    rows.put("texts", row)


def _moved(recorded: Recorded, rows: Rows) -> None:
    _found_otherwise(recorded, rows)
    stamp = recorded.stamp
    rows.put("moved", MovedRow(stamp.stream, stamp.workspace_id, recorded.event.project_id))


def _next_version(recorded: Recorded, rows: Rows) -> tuple[Task, Task] | None:
    """The task before and after; None where it is not there."""
    stamp = recorded.stamp
    row: VersionRow | None = rows.get("present", stamp.stream)
    if row is None:
        return None
    before = _task_of(row)
    after = evolve(before, recorded.event, stamp)
    assert after is not None  # a task that is there stays
    if isinstance(recorded.event, TaskDescribed):
        after = _undescribed(after)
    since = since_of(stamp, row.since)
    closed = VersionRow(
        row.task_id,
        stamp.position,
        row.workspace_id,
        row.first,
        row.since,
        since,
        row.state,
        task=before,
    )
    rows.put("versions", closed)
    row.first, row.since, row.state, row.task = stamp.position, since, None, after
    rows.put("present", row)
    return before, after


def _task_of(row: VersionRow) -> Task:
    if row.task is None:
        assert row.state is not None  # it was read back
        row.task = _states.decode(row.state)
    return row.task


def _undescribed(task: Task) -> Task:
    return evolved(task, description="") if task.description else task


def _commented(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: CommentRow | None = rows.get("comments", stamp.stream, FOREVER)
    if row is None:
        if isinstance(recorded.event, CommentAdded):
            rows.put("comments", _comment(recorded, since_of(stamp), counts=True))
        return
    counts = not isinstance(recorded.event, CommentDeleted)
    since = since_of(stamp, row.since)
    if (counts, since) == (row.counts, row.since):
        return
    row.last, row.until = stamp.position, since
    rows.put("comments", row)
    rows.put("comments", _comment(recorded, since, counts=counts))


def _comment(recorded: Recorded, since: int, *, counts: bool) -> CommentRow:
    stamp = recorded.stamp
    return CommentRow(
        stamp.stream,
        FOREVER,
        stamp.workspace_id,
        recorded.event.task_id,
        stamp.position,
        since,
        FOREVER,
        counts,
    )


def _project_created(recorded: Recorded, rows: Rows) -> None:
    for status in recorded.event.workflow.statuses:
        rows.put("statuses", _status(recorded, status, since_of(recorded.stamp), 0))


def _workflow_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    present = {
        row.status: row
        for row in rows.scan("statuses", "project_id", stamp.stream)
        if row.last == FOREVER
    }
    for status in recorded.event.workflow.statuses:
        row: StatusRow | None = present.pop(status.key, None)
        if row is None:
            rows.put("statuses", _status(recorded, status, since_of(stamp), 0))
        elif (row.name, row.category) != (status.name, status.category):
            since = since_of(stamp, row.since)
            same = row.category == status.category
            categorised = row.categorised if same else stamp.position
            _close(row, stamp.position, since, rows)
            rows.put("statuses", _status(recorded, status, since, categorised))
    for row in present.values():
        rows.delete("statuses", row.project_id, row.status, FOREVER)
        _close(row, stamp.position, since_of(stamp, row.since), rows)


def _close(row: StatusRow, position: int, until: int, rows: Rows) -> None:
    row.last, row.until = position, until
    rows.put("statuses", row)


def _status(recorded: Recorded, status: Status, since: int, categorised: int) -> StatusRow:
    stamp = recorded.stamp
    return StatusRow(
        stamp.stream,
        status.key,
        FOREVER,
        stamp.workspace_id,
        status.name,
        status.category,
        stamp.position,
        since,
        FOREVER,
        categorised,
    )


def _finish_version(row: VersionRow) -> None:
    task = _task_of(row)
    if row.state is None:
        row.state = _states.encode(task)
    row.project_id = task.project_id
    row.project_key = task.project_key
    row.number = task.number
    row.status = task.status
    row.status_category = task.status_category
    row.status_since = task.status_since
    row.priority = task.priority
    row.type = task.type
    row.assignee_ids = task.assignee_ids
    row.creator_id = task.creator_id
    row.tags = task.tags
    row.due_date = task.due_date
    row.created_at = task.created_at
    row.updated_at = task.updated_at
    row.title_key = title_key(task.title)
    row.rank = task.rank
    row.trashed = task.trashed
    row.is_blocked = task.is_blocked
    row.version = task.version
    row.parent_task_id = task.parent_task_id
    row.fields = _json.encode(task.fields) if task.fields else None


def _finish_text(row: TextRow) -> None:
    task = row.task
    if task is not None:
        texts = (
            shown(task.title),
            row.description or "",
            shown(task.external_id),
            task.key,
            *task.former_keys,
        )
        row.terms = terms_of(texts, (), (), task.project_id)


_OF_COMMENTS = (CommentAdded, CommentEdited, CommentDeleted, CommentRestored)
_OF_TEXTS = (TaskRetitled, TaskDescribed, TaskMovedToProject)
_WITHOUT_READS = (TaskCreated, ProjectCreated, ProjectWorkflowChanged)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event, stream = recorded.event, recorded.stamp.stream
    if isinstance(event, _WITHOUT_READS):
        return ()
    if isinstance(event, _OF_COMMENTS):
        return (("comments", stream, FOREVER),)
    if isinstance(event, _OF_TEXTS):
        return (("present", stream), ("texts", stream, FOREVER))
    return (("present", stream),)


def _scans(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("statuses", "project_id", recorded.stamp.stream),)


_CHANGES = (
    TaskAssigned,
    TaskTagged,
    TaskStatusChanged,
    TaskParentChanged,
    TaskPrioritised,
    TaskDueDateChanged,
    TaskStartDateChanged,
    TaskEstimateChanged,
    TaskTypeChanged,
    TaskFieldsChanged,
    TaskRanked,
    TaskRespaced,
    TaskTrashed,
    TaskRestored,
    TaskMadeRecurring,
    TaskRecordImported,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskBlocked,
    TaskUnblocked,
)

PAST_VIEW = Projection(
    name="past",
    version=1,
    tables=(PRESENT, VERSIONS, TEXTS, COMMENTS, STATUSES, MOVED),
    folds={
        TaskCreated: _created,
        **dict.fromkeys(_CHANGES, _changed),
        TaskRetitled: _found_otherwise,
        TaskDescribed: _found_otherwise,
        TaskMovedToProject: _moved,
        **dict.fromkeys(_OF_COMMENTS, _commented),
        ProjectCreated: _project_created,
        ProjectWorkflowChanged: _workflow_changed,
    },
    reads=_reads,
    scans={ProjectWorkflowChanged: _scans},
    finish={"present": _finish_version, "versions": _finish_version, "texts": _finish_text},
)
