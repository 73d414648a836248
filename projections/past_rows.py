"""The tables of the past of tasks: rows that hold for a while.

Every row holds from `first` until just before `last`, which are positions of the log, and from
`since` until just before `until`, which are microseconds of 1970 by the world's clock. On that one
a stream never goes back, and its events that have no time of their own are no later than the one
before them: at its beginning they have always been. So `since` and `until` may be the same: then
the version is one that the world's clock has never seen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.task.state import Task

from .projection import Table
from .task_rows import FOUND_BY


@dataclass(slots=True)
class VersionRow:
    """One version of a task. `state` is the task without its description, which stands in `texts`;
    `found_by` are the words that it is found by apart from that, with spaces between them.
    `status_category` is what its own events say, at `status_since`. `fields` are its custom ones,
    None where it has none."""

    task_id: str
    last: int
    workspace_id: str
    first: int
    since: int
    until: int
    state: bytes | None = None
    found_by: str | None = None
    project_id: str | None = None
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
    status_category: str | None = None
    status_since: int = 0
    parent_task_id: str | None = None
    fields: bytes | None = None
    task: Task | None = None


@dataclass(slots=True)
class TextRow:
    """The description of a task (None: erased), and the words in it as in `VersionRow`, None where
    there are none: most versions of a task have the same. A task that never had one has no row."""

    task_id: str
    last: int
    workspace_id: str
    first: int
    since: int
    until: int
    description: str | None
    found_by: str | None = None


@dataclass(slots=True)
class CommentRow:
    """A comment while it counts, or while it is deleted."""

    task_id: str
    comment_id: str
    last: int
    workspace_id: str
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
    "found_by": "text",
    "project_id": "text",
    **FOUND_BY,
    "status_category": "text",
    "status_since": "bigint",
    "parent_task_id": "text",
    "fields": "jsonb",
}
_VERSION_COMPUTED: Final = tuple(_VERSION_TYPES)[8:]
# The present version of each task, which is the only one that changes.
PRESENT = Table(
    "present",
    VersionRow,
    _VERSION_TYPES,
    key=("task_id",),
    # Every question names workspaces, those of a project too: its policies see to that.
    indexes=(
        "(workspace_id, project_id)",
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
        "(workspace_id, project_id, last, first)",
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
        "found_by": "text",
    },
    key=("task_id", "last"),
    computed=("found_by",),
)
COMMENTS = Table(
    "comments",
    CommentRow,
    {
        "task_id": "text",
        "comment_id": "text",
        "last": "bigint",
        "workspace_id": "text",
        "first": "bigint",
        "since": "bigint",
        "until": "bigint",
        "counts": "boolean",
    },
    key=("task_id", "comment_id", "last"),
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
    indexes=("(workspace_id)",),
)
MOVED = Table(
    "moved",
    MovedRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text"},
    key=("task_id",),
)
