"""Tasks: each task's whole answer, and every column that lists filter and sort by."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from domain.comment.events import CommentAdded, CommentDeleted, CommentRestored
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.dependency_graph.state import Edge
from domain.project.events import ProjectCreated, ProjectWorkflowChanged
from domain.project.fields import FieldValue
from domain.project.workflow import Workflow
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
from domain.values.priority import band_of
from domain.values.recorded import Recorded
from domain.values.text import Text, readable, shown

from .custom_fields import FIELDS, FieldAsked, FieldSort, FieldsRow, finish_fields
from .labels import TagsMark, held
from .other_tasks import TaskMarks, task_marks
from .people import Named, Person, named, person
from .progress import NO_SHARE, Share, Tally, recategorised
from .projection import Projection, Rows, Scan, Table
from .states import PackedCodec
from .terms import terms_of


class SortBy(StrEnum):
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    DUE_DATE = "due_date"
    PRIORITY = "priority"
    TITLE = "title"
    KEY = "key"
    RANK = "rank"


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of a list; ties go by id in the same direction, nulls last both ways. `field`:
    by a custom field, and not by `by`. `then`: by which ties go before that."""

    by: SortBy = SortBy.CREATED_AT
    descending: bool = True
    field: FieldSort | None = None
    then: "tuple[Sort, ...]" = ()

    @classmethod
    def usual(cls, by: SortBy) -> "Sort":
        """The order that is meant when none is given: dates of making and change newest first."""
        return cls(by, by in (SortBy.CREATED_AT, SortBy.UPDATED_AT))


@dataclass(frozen=True, slots=True)
class MeantTag:
    """What tasks of a workspace hold for a label that is meant by `name`: not just that text."""

    workspace_id: str
    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What tasks of a list have in common; an empty field asks nothing.

    `statuses` are keys or exact names of statuses, categories (in projects without a status of
    that key), `open`, `pending`, `completed`. `priorities` are levels. `assignee_ids`: one of
    them, or nobody where `unassigned`. `tags`: all of them; `tags_any`: one of them; `meant_tags`
    says of both where another tag than the name is meant. Moments are inclusive. `overdue`
    compares with `now`. `fields`: all of them hold. `q`: every word in title, key, external id or
    description, the last one as a prefix. `where`: a tree of `projections.query.conditions`.
    """

    project_ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    priority_lte: int | None = None
    assignee_ids: tuple[str, ...] = ()
    unassigned: bool = False
    creator_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    meant_tags: tuple[MeantTag, ...] = ()
    types: tuple[str, ...] = ()
    parent_task_ids: tuple[str, ...] = ()
    due_before: datetime | None = None
    due_after: datetime | None = None
    updated_after: datetime | None = None
    overdue: bool | None = None
    now: datetime | None = None
    is_blocked: bool | None = None
    trashed: bool = False
    q: str | None = None
    fields: tuple[FieldAsked, ...] = ()
    where: object = None


class Progress(msgspec.Struct, frozen=True, gc=False):
    done: int = 0
    total: int = 0


NO_PROGRESS = Progress()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a task's answer shows beyond its own stream. `status_category` is that of its status
    in the project's present workflow; None: as the task's own events say. `progress` counts its
    subtasks at any depth."""

    comment_count: int = 0
    status_category: str | None = None
    progress: Progress = NO_PROGRESS


class TaskAnswer(msgspec.Struct, frozen=True, gc=False):
    """A task as `GET /tasks/{id}` shows it."""

    id: str
    task_id: str
    key: str
    external_id: str | None
    project_id: str
    workspace_id: str
    title: str | None
    description: str | None
    status: str
    status_category: str
    priority: str
    priority_level: int
    type: str
    assignee_id: str | None
    assignee: Person | None
    assignees: list[Person]
    creator_id: str
    creator: Named
    updated_by: Named
    due_date: datetime | None
    due_all_day: bool
    start_date: datetime | None
    estimate: float | None
    trashed_at: datetime | None
    completed_at: datetime | None
    tags: TagsMark
    fields: Mapping[str, FieldValue]
    parent_task_id: str | None
    progress: Progress
    is_blocked: bool
    blocked_by: TaskMarks
    blocking: TaskMarks
    comment_count: int
    rank: str
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class DependencyAnswer(msgspec.Struct, frozen=True, gc=False):
    """A dependency as `GET /tasks/{id}/dependencies` shows it."""

    id: str
    dependency_id: str
    from_task_id: str
    to_task_id: str
    type: str
    creator_id: str
    creator: Named
    created_at: datetime


_json = msgspec.json.Encoder()
_states = PackedCodec(Task)


def render(task: Task, facts: Facts) -> bytes:
    """The task's answer as JSON, people by id (see `projections.people`). The one function that
    makes it, for the view, for a command's answer and for a fresh read alike."""
    assignees = [person(user_id) for user_id in task.assignee_ids]
    first = assignees[0] if assignees else None
    return _json.encode(
        TaskAnswer(
            task.task_id,
            task.task_id,
            task.key,
            readable(task.external_id),
            task.project_id,
            task.workspace_id,
            readable(task.title),
            readable(task.description),
            task.status,
            facts.status_category or task.status_category,
            band_of(task.priority),
            task.priority,
            task.type,
            first.user_id if first else None,
            first,
            assignees,
            task.creator_id,
            named(task.creator_id),
            named(task.updated_by),
            task.due_date,
            task.due_all_day,
            task.start_date,
            number(task.estimate),
            task.trashed_at,
            task.completed_at,
            held(task.workspace_id, task.tags),
            task.fields,
            task.parent_task_id,
            facts.progress,
            task.is_blocked,
            task_marks(task.blocked_by),
            task_marks(task.blocking),
            facts.comment_count,
            task.rank,
            task.created_at,
            task.updated_at,
            task.version,
            task.position,
        )
    )


def render_dependency(edge: Edge | DependencyAdded, creator_id: str, created_at: datetime) -> bytes:
    """The dependency's answer as JSON, its maker by id."""
    return _json.encode(
        DependencyAnswer(
            edge.dependency_id,
            edge.dependency_id,
            edge.from_task_id,
            edge.to_task_id,
            edge.type,
            creator_id,
            named(creator_id),
            created_at,
        )
    )


@dataclass(slots=True)
class TaskRow:
    """A row without a state waits for its task: something was said about it (a comment) that
    came to the view before it. It has no project, so that no question finds it."""

    task_id: str
    workspace_id: str
    project_id: str | None = None
    status_category: str | None = None
    comment_count: int = 0
    parent_task_id: str | None = None
    progress_done: int = 0
    progress_total: int = 0
    state: bytes | None = None
    project_key: str | None = None
    number: int | None = None
    status: str | None = None
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
    doc: bytes | None = None
    task: Task | None = None


@dataclass(slots=True)
class TermsRow:
    """What a task is found by, apart from it: most changes of a task leave it alone."""

    task_id: str
    workspace_id: str
    terms: frozenset[str] = frozenset()
    task: Task | None = None


@dataclass(slots=True)
class FormerKeyRow:
    """A key that a task had in another project, which leads to it for ever."""

    workspace_id: str
    project_key: str
    number: int
    task_id: str


@dataclass(slots=True)
class StatusRow:
    """One status of a project's present workflow."""

    project_id: str
    status: str
    workspace_id: str
    name: str
    category: str


@dataclass(slots=True)
class EdgeRow:
    """One dependency; `added` is the position at which it was made."""

    dependency_id: str
    workspace_id: str
    type: str
    from_task_id: str
    to_task_id: str
    added: int
    doc: bytes


TASKS = Table(
    "tasks",
    TaskRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "project_id": "text",
        "status_category": "text",
        "comment_count": "integer",
        "parent_task_id": "text",
        "progress_done": "integer",
        "progress_total": "integer",
        "state": "bytea",
        "project_key": "text",
        "number": "bigint",
        "status": "text",
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
        "doc": "bytea",
    },
    key=("task_id",),
    indexes=(
        "(project_id, created_at, task_id)",
        "(workspace_id, created_at, task_id)",
        "(workspace_id, project_key, number)",
        "(workspace_id, due_date) WHERE due_date IS NOT NULL",
        "(parent_task_id, created_at, task_id) WHERE parent_task_id IS NOT NULL",
    ),
    fillfactor=80,
    computed=(
        "project_key",
        "number",
        "status",
        "priority",
        "type",
        "assignee_ids",
        "creator_id",
        "tags",
        "due_date",
        "created_at",
        "updated_at",
        "title_key",
        "rank",
        "trashed",
        "is_blocked",
        "version",
        "doc",
    ),
)
TERMS = Table(
    "terms",
    TermsRow,
    {"task_id": "text", "workspace_id": "text", "terms": "tsvector"},
    key=("task_id",),
    indexes=("USING gin (terms)",),
    computed=("terms",),
)
FORMER_KEYS = Table(
    "former_keys",
    FormerKeyRow,
    {"workspace_id": "text", "project_key": "text", "number": "bigint", "task_id": "text"},
    key=("workspace_id", "project_key", "number"),
)
STATUSES = Table(
    "statuses",
    StatusRow,
    {
        "project_id": "text",
        "status": "text",
        "workspace_id": "text",
        "name": "text",
        "category": "text",
    },
    key=("project_id", "status"),
)


EDGES = Table(
    "edges",
    EdgeRow,
    {
        "dependency_id": "text",
        "workspace_id": "text",
        "type": "text",
        "from_task_id": "text",
        "to_task_id": "text",
        "added": "bigint",
        "doc": "bytea",
    },
    key=("dependency_id",),
    indexes=("(from_task_id)", "(to_task_id)", "(workspace_id)"),
)

_PROGRESS = Tally("tasks", TaskRow)


def number(value: float | None) -> float | None:
    """A number as answers show it: 3 and 3.0 are the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def title_key(title: Text) -> str:
    """What titles are ordered by: without case, letters before their accents."""
    text = shown(title)
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).casefold()[:500]


def _task_of(row: TaskRow) -> Task | None:
    if row.task is None and row.state is not None:
        row.task = _states.decode(row.state)
    return row.task


def _evolve(recorded: Recorded, rows: Rows) -> TaskRow | None:
    stamp = recorded.stamp
    row: TaskRow = rows.get("tasks", stamp.stream) or TaskRow(stamp.stream, stamp.workspace_id)
    before = _task_of(row)
    task = evolve(before, recorded.event, stamp)
    if task is None:
        return None
    row.task = task
    rows.put("tasks", row)
    if task.fields if before is None else task.fields is not before.fields:
        rows.put("fields", FieldsRow(row.task_id, row.workspace_id, task=task))
    return row


def _changed(recorded: Recorded, rows: Rows) -> None:
    _evolve(recorded, rows)


def _found_otherwise(recorded: Recorded, rows: Rows) -> None:
    """A change of what the task is found by."""
    row = _evolve(recorded, rows)
    if row is not None:
        rows.put("terms", TermsRow(row.task_id, row.workspace_id, task=row.task))


def _created(recorded: Recorded, rows: Rows) -> None:
    row = _counted_otherwise(recorded, rows)
    if row is not None:
        row.project_id = recorded.event.project_id
        rows.put("terms", TermsRow(row.task_id, row.workspace_id, task=row.task))


def _counted(recorded: Recorded, rows: Rows) -> None:
    _counted_otherwise(recorded, rows)


def _counted_otherwise(recorded: Recorded, rows: Rows) -> TaskRow | None:
    """A change of what the task adds to those above it."""
    before = _share(rows.get("tasks", recorded.stamp.stream))
    row = _evolve(recorded, rows)
    if row is None:
        return None
    match recorded.event:
        case TaskCreated() as event:
            row.status_category, row.parent_task_id = event.status_category, event.parent_task_id
        case TaskStatusChanged() as event:
            row.status_category = event.category
        case TaskParentChanged() as event:
            row.parent_task_id = event.parent_task_id
    _PROGRESS.shift(rows, row, before, _share(row))
    return row


def _share(row: TaskRow | None) -> Share:
    if row is None or row.parent_task_id is None:
        return NO_SHARE
    task = _task_of(row)
    assert task is not None  # only a task names one above it
    return Share.of(row.parent_task_id, row.status_category, trashed=task.trashed)


def _moved_to_project(recorded: Recorded, rows: Rows) -> None:
    row = _evolve(recorded, rows)
    if row is None:
        return
    event: TaskMovedToProject = recorded.event
    row.project_id = event.project_id
    rows.put("terms", TermsRow(row.task_id, row.workspace_id, task=row.task))
    rows.put(
        "former_keys",
        FormerKeyRow(row.workspace_id, event.was_project_key, event.was_number, row.task_id),
    )


def _commented(recorded: Recorded, rows: Rows) -> None:
    task_id = recorded.event.task_id
    row = rows.get("tasks", task_id) or TaskRow(task_id, recorded.stamp.workspace_id)
    row.comment_count += -1 if isinstance(recorded.event, CommentDeleted) else 1
    rows.put("tasks", row)


def _dependency_added(recorded: Recorded, rows: Rows) -> None:
    event: DependencyAdded = recorded.event
    stamp = recorded.stamp
    rows.put(
        "edges",
        EdgeRow(
            event.dependency_id,
            stamp.workspace_id,
            event.type,
            event.from_task_id,
            event.to_task_id,
            stamp.position,
            render_dependency(event, stamp.actor, stamp.at),
        ),
    )


def _dependency_removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("edges", recorded.event.dependency_id)


def _project_created(recorded: Recorded, rows: Rows) -> None:
    _put_statuses(recorded, recorded.event.workflow, rows)


def _workflow_changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectWorkflowChanged = recorded.event
    project_id = recorded.stamp.stream
    present = {status.key: status.category for status in event.workflow.statuses}
    for status in event.was.statuses:
        if status.key not in present:
            rows.delete("statuses", project_id, status.key)
    _put_statuses(recorded, event.workflow, rows)
    if not recategorised(event):
        return
    for row in rows.scan("tasks", "project_id", project_id):
        task = _task_of(row)
        category = present.get(task.status) if task is not None else None
        if category is not None and category != row.status_category:
            before = _share(row)
            row.status_category = category
            rows.put("tasks", row)
            _PROGRESS.shift(rows, row, before, _share(row))


def _put_statuses(recorded: Recorded, workflow: Workflow, rows: Rows) -> None:
    project_id, workspace_id = recorded.stamp.stream, recorded.stamp.workspace_id
    for status in workflow.statuses:
        rows.put(
            "statuses",
            StatusRow(project_id, status.key, workspace_id, status.name, status.category),
        )


def _finish_task(row: TaskRow) -> None:
    task = _task_of(row)
    if task is None:
        return
    row.state = _states.encode(task)
    row.project_key = task.project_key
    row.number = task.number
    row.status = task.status
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
    row.trashed = task.trashed_at is not None
    row.is_blocked = task.is_blocked
    row.version = task.version
    row.doc = render(task, _facts_of(row))


def _facts_of(row: TaskRow) -> Facts:
    return Facts(
        row.comment_count,
        row.status_category,
        Progress(row.progress_done, row.progress_total) if row.progress_total else NO_PROGRESS,
    )


def _finish_terms(row: TermsRow) -> None:
    task = row.task
    if task is not None:
        texts = (
            shown(task.title),
            shown(task.description),
            shown(task.external_id),
            task.key,
            *task.former_keys,
        )
        row.terms = terms_of(texts, task.tags, task.assignee_ids, task.project_id)


_OF_NO_TASK = (ProjectCreated, ProjectWorkflowChanged, DependencyAdded, DependencyRemoved)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = recorded.event
    if isinstance(event, CommentAdded | CommentDeleted | CommentRestored):
        return (("tasks", event.task_id),)
    if isinstance(event, _OF_NO_TASK):
        return ()
    return (("tasks", recorded.stamp.stream),)


def _scans(recorded: Recorded) -> Iterable[Scan]:
    if recategorised(recorded.event):
        return (_PROGRESS.scan("project_id", recorded.stamp.stream),)
    return ()


TASKS_VIEW = Projection(
    name="tasks",
    version=5,
    tables=(TASKS, TERMS, FIELDS, FORMER_KEYS, STATUSES, EDGES),
    folds={
        TaskCreated: _created,
        TaskRetitled: _found_otherwise,
        TaskDescribed: _found_otherwise,
        TaskAssigned: _found_otherwise,
        TaskTagged: _found_otherwise,
        TaskStatusChanged: _counted,
        TaskParentChanged: _counted,
        TaskPrioritised: _changed,
        TaskDueDateChanged: _changed,
        TaskStartDateChanged: _changed,
        TaskEstimateChanged: _changed,
        TaskTypeChanged: _changed,
        TaskFieldsChanged: _changed,
        TaskRanked: _changed,
        TaskRespaced: _changed,
        TaskMovedToProject: _moved_to_project,
        TaskTrashed: _counted,
        TaskRestored: _counted,
        TaskMadeRecurring: _changed,
        TaskRecordImported: _changed,
        TaskDependencyAdded: _changed,
        TaskDependencyRemoved: _changed,
        TaskBlocked: _changed,
        TaskUnblocked: _changed,
        DependencyAdded: _dependency_added,
        DependencyRemoved: _dependency_removed,
        CommentAdded: _commented,
        CommentDeleted: _commented,
        CommentRestored: _commented,
        ProjectCreated: _project_created,
        ProjectWorkflowChanged: _workflow_changed,
    },
    reads=_reads,
    scans={ProjectWorkflowChanged: _scans},
    climbs=_PROGRESS.climbs,
    finish={"tasks": _finish_task, "terms": _finish_terms, "fields": finish_fields},
)
