"""Tasks and dependencies as they are answered."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from domain.dependency_graph.events import DependencyAdded
from domain.dependency_graph.state import Edge
from domain.project.fields import FieldValue
from domain.task.state import Task
from domain.values.frozen import dataclass
from domain.values.priority import band_of
from domain.values.text import readable

from .labels import TagsMark, held
from .other_tasks import TaskMarks, task_marks
from .people import Named, Person, named, person


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


def number(value: float | None) -> float | None:
    """A number as answers show it: 3 and 3.0 are the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
