"""What can happen to a task. Each change carries what stood there before."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.project.fields import FieldValue
from domain.values.frozen import dataclass
from domain.values.text import Erased, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated:
    """`number` comes from the project's gapless sequence: the log fills it in when the event is
    read; the task's key is `project_key` and `number`. `priority` is the level, 1 to 10.
    `copy_of`: the task that this one repeats, as it was when it was duplicated; `recurrence_id`:
    the series of which it is the next."""

    project_id: str
    project_key: str
    title: Text
    description: Text
    status: str
    status_category: str
    priority: int
    rank: str
    type: str = "task"
    assignee_ids: tuple[str, ...] = ()
    due_date: datetime | None = None
    due_all_day: bool = False
    start_date: datetime | None = None
    estimate: float | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] | Erased = field(default_factory=dict)
    external_id: Text | None = None
    number: int | None = None
    parent_task_id: str | None = None
    copy_of: str | None = None
    recurrence_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRetitled:
    title: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDescribed:
    """The text before it stands in the event before it: it may be long."""

    description: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned:
    """The whole set of assignees, the first one first; empty: nobody."""

    assignee_ids: tuple[str, ...]
    was: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPrioritised:
    priority: int
    was: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDueDateChanged:
    due_date: datetime | None
    due_all_day: bool
    was: datetime | None
    was_all_day: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStartDateChanged:
    start_date: datetime | None
    was: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEstimateChanged:
    estimate: float | None
    was: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTypeChanged:
    type: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTagged:
    """The whole set of tags, in the order in which they were given."""

    tags: tuple[str, ...]
    was: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFieldsChanged:
    """Only the custom fields that changed; None clears one."""

    fields: Mapping[str, FieldValue] | Erased
    was: Mapping[str, FieldValue] | Erased


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatusChanged:
    """`rank` is where the card lands in its new column. `completed_at` is only there where a move
    is taken back: since when the task had been done."""

    status: str
    category: str
    was: str
    was_category: str
    rank: str
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRanked:
    """The card moved within its status."""

    rank: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRespaced:
    """The card has another rank in the same place: ranks around it had grown long. Nobody did
    anything to the task by it, so it does not count as changed."""

    rank: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMovedToProject:
    """`number` comes from the other project's gapless sequence, as in TaskCreated; the key that
    the task had leads to it for ever. What it could not keep, its status there included, has
    changed in the events before this one; `was_status` is the one that it had before them.
    `with_task_id`: the task above it with which it went. `dropped_fields` (keys),
    `dropped_types` and `unassigned` are what found no counterpart there, of this task and of those
    that went with it."""

    project_id: str
    project_key: str
    rank: str
    was_project_id: str
    was_project_key: str
    was_number: int
    was_status: str
    was_rank: str
    with_task_id: str | None = None
    dropped_fields: tuple[str, ...] = ()
    dropped_types: tuple[str, ...] = ()
    unassigned: tuple[str, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskParentChanged:
    """The task stands below another one, with all that stands below itself; None: at the top."""

    parent_task_id: str | None
    was: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrashed:
    """`with_task_id`: the task above it with which it went, and with which it comes back."""

    with_task_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRestored:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPurged:
    """It is out of the trash and comes back from nowhere; what happened to it stays in the log.
    `with_task_id`: the task above it with which it went. `trash_days`: for how long its project
    keeps what is in the trash, where it is for that that it went; None: by hand."""

    with_task_id: str | None = None
    trash_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMadeRecurring:
    """The task is one of a series, as its first or as the next; `was` is the series before."""

    recurrence_id: str
    was: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecordImported:
    """One record of an imported event log, whole; the ordinary events for what it changed stand
    beside it in the same commit. `status` is its classifier value; `ordinal` counts from 1
    within its trace; `attributes` are all its own, the person's (`resource`) apart. `digest` is
    a keyed hash of the record as it stood in the file: a later import tells it again by it, also
    when its text has been erased since."""

    source: str
    ordinal: int
    status: str
    was: str | None
    activity: str | None
    lifecycle: str | None
    resource_id: str | None
    resource: Text | None
    attributes: Mapping[str, object] | Erased
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDependencyAdded:
    """The workspace's graph got an edge of this task. `relation` is what this task does to the
    other, `task_id`: one of `blocks`, `blocked_by`, `relates`, `duplicates`, `duplicated_by`."""

    dependency_id: str
    relation: str
    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDependencyRemoved:
    """The rest is what stood there before."""

    dependency_id: str
    relation: str
    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBlocked:
    """Nothing unfinished blocked it before; these tasks do now."""

    blocked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUnblocked:
    """Nothing unfinished blocks it any more: these tasks were the last that did, and are done,
    cancelled, in the trash, or no longer before it."""

    freed_by: tuple[str, ...]


TaskEvent = (
    TaskCreated
    | TaskRetitled
    | TaskDescribed
    | TaskAssigned
    | TaskPrioritised
    | TaskDueDateChanged
    | TaskStartDateChanged
    | TaskEstimateChanged
    | TaskTypeChanged
    | TaskTagged
    | TaskFieldsChanged
    | TaskStatusChanged
    | TaskRanked
    | TaskRespaced
    | TaskMovedToProject
    | TaskParentChanged
    | TaskTrashed
    | TaskRestored
    | TaskPurged
    | TaskMadeRecurring
    | TaskRecordImported
    | TaskDependencyAdded
    | TaskDependencyRemoved
    | TaskBlocked
    | TaskUnblocked
)
