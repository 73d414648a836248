"""The tables of tasks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.task.state import Task

from .projection import Table


@dataclass(slots=True)
class TaskRow:
    """A row without a state is that of a task which the view does not have, since its stream is
    parked: something else said something about it (a comment). It has no project, so that no
    question finds it."""

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
    trashed_at: datetime | None = None
    doc: bytes | None = None
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


# What tasks are filtered and ordered by, now and in the past.
FOUND_BY: Final = {
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
}
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
        **FOUND_BY,
        "trashed_at": "timestamptz",
        "doc": "bytea",
    },
    key=("task_id",),
    indexes=(
        "(project_id, created_at, task_id)",
        "(workspace_id, created_at, task_id)",
        "(workspace_id, project_key, number)",
        "(workspace_id, due_date) WHERE due_date IS NOT NULL",
        "(parent_task_id, created_at, task_id) WHERE parent_task_id IS NOT NULL",
        "(project_id, trashed_at) WHERE trashed_at IS NOT NULL",
        "USING gin (assignee_ids, tags) WITH (gin_pending_list_limit = 256)",
    ),
    fillfactor=80,
    computed=(*FOUND_BY, "trashed_at", "doc"),
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
    # What a status is called is asked over all projects of a workspace.
    indexes=("(workspace_id)",),
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
