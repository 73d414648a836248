"""A task as its events leave it."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.aggregate import Aggregate
from domain.project.fields import FieldValue
from domain.project.workflow import FINISHED
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
    TaskPurged,
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
from domain.values.evolved import evolved, touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Erased, Text


@dataclass(frozen=True, slots=True)
class Dependency:
    """What a task does to another: `relation` as in `TaskDependencyAdded`."""

    relation: str
    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`number` is None only while its creation is not yet in the log.

    `completed_at` is when it last came into a status of the category done, while it stays there.
    `imported` and `imported_digest` tell how many records of its trace an import has brought in
    and which: SHA-256 over the digest before it and the record's own, hexadecimal, from "".
    `dependencies` are by the ids of the graph's edges; `is_blocked` says that one of the tasks
    that block it is not finished.
    `former_keys`: those that it had in other projects, the oldest first.
    `status_since` is the position at which it came into its status.
    `title_author`, `description_author` and `field_authors` (by the keys of `fields`) are who wrote
    what stands there. `trashed_with` is the task above it together with which it was trashed.
    One that is `purged` is there for nobody: its id and its key are taken, and that is all.
    """

    task_id: str
    workspace_id: str
    project_id: str
    project_key: str
    number: int | None
    external_id: Text | None
    title: Text
    description: Text
    status: str
    status_category: str
    rank: str
    priority: int
    type: str
    assignee_ids: tuple[str, ...]
    due_date: datetime | None
    due_all_day: bool
    start_date: datetime | None
    estimate: float | None
    tags: tuple[str, ...]
    creator_id: str
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    title_author: str
    description_author: str
    completed_at: datetime | None = None
    trashed_at: datetime | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    field_authors: Mapping[str, str] = field(default_factory=dict)
    recurrence_id: str | None = None
    imported: int = 0
    imported_digest: str = ""
    status_since: int = 0
    former_keys: tuple[str, ...] = ()
    parent_task_id: str | None = None
    trashed_with: str | None = None
    purged_at: datetime | None = None
    dependencies: Mapping[str, Dependency] = field(default_factory=dict)
    is_blocked: bool = False

    @property
    def key(self) -> str:
        return f"{self.project_key}-{self.number}"

    @property
    def trashed(self) -> bool:
        return self.trashed_at is not None

    @property
    def purged(self) -> bool:
        return self.purged_at is not None

    @property
    def blocked_by(self) -> tuple[str, ...]:
        """The tasks that block it, finished ones too, in the order in which they came."""
        return self._related("blocked_by")

    @property
    def blocking(self) -> tuple[str, ...]:
        """The tasks that it blocks."""
        return self._related("blocks")

    def _related(self, relation: str) -> tuple[str, ...]:
        if not self.dependencies:
            return ()
        return tuple(
            each.task_id for each in self.dependencies.values() if each.relation == relation
        )


def evolve(state: Task | None, event: object, stamp: Stamp) -> Task | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case TaskStatusChanged():
            return touched(
                state,
                stamp,
                status=event.status,
                status_category=event.category,
                rank=event.rank,
                completed_at=_completed_at(state, event, stamp),
                status_since=stamp.position,
            )
        case TaskRecordImported():
            return touched(
                state,
                stamp,
                imported=event.ordinal,
                imported_digest=running_digest(state.imported_digest, event.digest),
            )
        case TaskAssigned():
            return touched(state, stamp, assignee_ids=event.assignee_ids)
        case TaskFieldsChanged():
            return _with_fields(state, event, stamp)
        case TaskRetitled():
            return touched(state, stamp, title=event.title, title_author=stamp.author_of("title"))
        case TaskDescribed():
            return touched(
                state,
                stamp,
                description=event.description,
                description_author=stamp.author_of("description"),
            )
        case TaskPrioritised():
            return touched(state, stamp, priority=event.priority)
        case TaskDueDateChanged():
            return touched(state, stamp, due_date=event.due_date, due_all_day=event.due_all_day)
        case TaskStartDateChanged():
            return touched(state, stamp, start_date=event.start_date)
        case TaskEstimateChanged():
            return touched(state, stamp, estimate=event.estimate)
        case TaskTypeChanged():
            return touched(state, stamp, type=event.type)
        case TaskTagged():
            return touched(state, stamp, tags=event.tags)
        case TaskRanked():
            return touched(state, stamp, rank=event.rank)
        case TaskRespaced():
            return evolved(state, version=stamp.version, position=stamp.position, rank=event.rank)
        case TaskMovedToProject():
            return touched(
                state,
                stamp,
                project_id=event.project_id,
                project_key=event.project_key,
                number=stamp.number if stamp.number is not None else event.number,
                rank=event.rank,
                former_keys=(*state.former_keys, f"{event.was_project_key}-{event.was_number}"),
            )
        case TaskParentChanged():
            return touched(state, stamp, parent_task_id=event.parent_task_id)
        case TaskTrashed():
            return touched(state, stamp, trashed_at=stamp.at, trashed_with=event.with_task_id)
        case TaskRestored():
            return touched(state, stamp, trashed_at=None, trashed_with=None)
        case TaskPurged():
            return touched(state, stamp, purged_at=stamp.at)
        case TaskDependencyAdded():
            added = Dependency(event.relation, event.task_id)
            present = {**state.dependencies, event.dependency_id: added}
            return touched(state, stamp, dependencies=present)
        case TaskDependencyRemoved():
            kept = dict(state.dependencies)
            kept.pop(event.dependency_id, None)
            return touched(state, stamp, dependencies=kept)
        case TaskBlocked():
            return touched(state, stamp, is_blocked=True)
        case TaskUnblocked():
            return touched(state, stamp, is_blocked=False)
        case TaskMadeRecurring():
            return touched(state, stamp, recurrence_id=event.recurrence_id)
        case _:
            return touched(state, stamp)


def running_digest(before: str, record: str) -> str:
    """What `imported_digest` becomes by one more record."""
    return hashlib.sha256(f"{before}\n{record}".encode()).hexdigest()


def _begin(event: object, stamp: Stamp) -> Task | None:
    if not isinstance(event, TaskCreated):
        return None
    fields = {} if isinstance(event.fields, Erased) else event.fields
    return Task(
        task_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        project_id=event.project_id,
        project_key=event.project_key,
        number=stamp.number if stamp.number is not None else event.number,
        external_id=event.external_id,
        title=event.title,
        description=event.description,
        status=event.status,
        status_category=event.status_category,
        rank=event.rank,
        priority=event.priority,
        type=event.type,
        assignee_ids=event.assignee_ids,
        due_date=event.due_date,
        due_all_day=event.due_all_day,
        start_date=event.start_date,
        estimate=event.estimate,
        tags=event.tags,
        creator_id=stamp.actor,
        created_at=stamp.at,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
        title_author=stamp.author_of("title"),
        description_author=stamp.author_of("description"),
        completed_at=stamp.at if event.status_category == "done" else None,
        fields=fields,
        field_authors=authors_after({}, fields, stamp.author_of("fields")) if fields else {},
        status_since=stamp.position,
        parent_task_id=event.parent_task_id,
        recurrence_id=event.recurrence_id,
    )


def _completed_at(state: Task, event: TaskStatusChanged, stamp: Stamp) -> datetime | None:
    if event.category != "done":
        return None
    return state.completed_at or event.completed_at or stamp.at


def _with_fields(state: Task, event: TaskFieldsChanged, stamp: Stamp) -> Task:
    """Values whose text was erased are gone with it; which ones they were is not known any
    more, so the others stay as they are."""
    if isinstance(event.fields, Erased):
        return touched(state, stamp)
    merged = {**state.fields, **event.fields}
    return touched(
        state,
        stamp,
        fields={key: value for key, value in merged.items() if value is not None},
        field_authors=authors_after(state.field_authors, event.fields, stamp.author_of("fields")),
    )


def authors_after(
    authors: Mapping[str, str], changed: Mapping[str, FieldValue], author: str
) -> Mapping[str, str]:
    """Who wrote each field after `author` changed some; one that was cleared has nobody."""
    merged = {**authors, **dict.fromkeys(changed, author)}
    return {key: each for key, each in merged.items() if changed.get(key, each) is not None}


def touches(state: Task | None, event: object, workspace_id: str) -> tuple[str, ...]:
    """A task enters a status: whoever takes that status away must see it. It comes to stand below
    another, or has to be done again there: so must whoever decides about all that stands below."""
    match event:
        case TaskCreated():
            entered = status_guard(event.project_id, event.status)
            return (entered, *_below(event.parent_task_id))
        case TaskStatusChanged() if state is not None:
            entered = status_guard(state.project_id, event.status)
            return (entered, *_below(None if event.category in FINISHED else state.parent_task_id))
        case TaskMovedToProject() if state is not None:
            return (status_guard(event.project_id, state.status),)
        case TaskRanked() if state is not None:
            return (order_guard(state.project_id, state.status),)
        case TaskRespaced() if state is not None:
            return (spaced_guard(state.project_id),)
        case TaskParentChanged():
            return _below(event.parent_task_id)
        case TaskRestored() if state is not None:
            return _below(state.parent_task_id)
        case _:
            return ()


def children_guard(task_id: str) -> str:
    """The guard that moves when a task has more to do directly below it than before."""
    return f"children:{task_id}"


def _below(parent_task_id: str | None) -> tuple[str, ...]:
    return () if parent_task_id is None else (children_guard(parent_task_id),)


def status_guard(project_id: str, status: str) -> str:
    """The guard that moves when a task enters a status."""
    return f"status:{project_id}:{status}"


def order_guard(project_id: str, status: str) -> str:
    """The guard that moves when a card is put between others within a status."""
    return f"order:{project_id}:{status}"


def spaced_guard(project_id: str) -> str:
    """The guard that moves when cards get other ranks without being moved."""
    return f"spaced:{project_id}"


def authors(state: Task | None, event: object) -> Mapping[str, str]:
    if state is not None:
        match event:
            case TaskRetitled():
                return {"was": state.title_author}
            case TaskFieldsChanged():
                return former_author(state.field_authors, event)
    return {}


def former_author(authors: Mapping[str, str], event: TaskFieldsChanged) -> Mapping[str, str]:
    """Who wrote the values that the event replaces: {"was": author}, or nothing.

    Raises ValueError where they are several people's. One key seals them all, and it cannot be
    more than one person's: `domain.task.decisions.fields_changed` makes an event for each.
    """
    if isinstance(event.was, Erased):
        return {}
    found = {authors[key] for key in event.was if key in authors}
    if len(found) > 1:
        raise ValueError("one event replaces what several people wrote")
    return {"was": found.pop()} if found else {}


TASK = Aggregate("task", evolve, touches, authors)
