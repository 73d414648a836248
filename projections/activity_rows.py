"""The rows of the view of activity: its entries, and what it must know of their subjects."""

from dataclasses import dataclass
from datetime import datetime

from .projection import Table


@dataclass(slots=True)
class EntryRow:
    """`action` None: an event without an entry, of which only the place is told. `happened_at`:
    where it stands on the world's clock, behind those of its stream before it; None where no time
    but the log's own is known, as if it had always been."""

    workspace_id: str
    position: int
    ordinal: int
    project_id: str | None
    task_id: str | None
    actor_id: str
    action: str | None
    recorded_at: datetime
    happened_at: datetime | None
    doc: bytes | None


@dataclass(slots=True)
class SubjectRow:
    """What an entry about a task must know beyond its event. `description` is cut. Of what came
    in from elsewhere: `happened_at` as in its last entry, and the last record, its commit, its own
    time and whose it was: what stands behind it in the same commit, at the same time, is what that
    person did."""

    task_id: str
    workspace_id: str
    project_id: str
    description: str | None
    happened_at: datetime | None = None
    record_command: str | None = None
    record_at: datetime | None = None
    record_of: str | None = None


@dataclass(slots=True)
class MovedRow:
    """Where a task is that has moved to another project: whoever may see that may see what
    happened to it before."""

    task_id: str
    workspace_id: str
    project_id: str


@dataclass(slots=True)
class ClockRow:
    """Of a stream that is no task's and has a time of its own: `happened_at` of its last entry."""

    stream: str
    workspace_id: str
    happened_at: datetime


@dataclass(slots=True)
class ViewRow:
    """A saved view, of which most events say only what is new."""

    view_id: str
    workspace_id: str
    state: bytes


_TIMED = "WHERE happened_at IS NOT NULL"

ENTRIES = Table(
    "entries",
    EntryRow,
    {
        "workspace_id": "text",
        "position": "bigint",
        "ordinal": "smallint",
        "project_id": "text",
        "task_id": "text",
        "actor_id": "text",
        "action": "text",
        "recorded_at": "timestamptz",
        "happened_at": "timestamptz",
        "doc": "bytea",
    },
    key=("workspace_id", "position", "ordinal"),
    indexes=(
        "(task_id, position, ordinal) WHERE task_id IS NOT NULL",
        # With the workspace, though a project is in one alone: PostgreSQL takes the two for chances
        # that multiply, hopes for few rows, and without it would sort all those of the project.
        "(project_id, workspace_id, position, ordinal) WHERE project_id IS NOT NULL",
        "(workspace_id, actor_id, action, position, ordinal) WHERE action IS NOT NULL",
        "(workspace_id, action, position, ordinal) WHERE action IS NOT NULL",
        "(workspace_id, position, ordinal) WHERE project_id IS NULL",
        # By the world's clock: of imports alone, so a log without any pays nothing for them.
        f"(project_id, workspace_id, happened_at, position, ordinal) {_TIMED}",
        f"(workspace_id, actor_id, action, happened_at, position, ordinal) {_TIMED}",
        f"(workspace_id, action, happened_at, position, ordinal) {_TIMED}",
        f"(workspace_id, happened_at, position, ordinal) {_TIMED}",
    ),
)
SUBJECTS = Table(
    "subjects",
    SubjectRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "project_id": "text",
        "description": "text",
        "happened_at": "timestamptz",
        "record_command": "text",
        "record_at": "timestamptz",
        "record_of": "text",
    },
    key=("task_id",),
    fillfactor=90,
)
MOVED = Table(
    "moved",
    MovedRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text"},
    key=("task_id",),
    indexes=("(project_id)",),
)
CLOCKS = Table(
    "clocks",
    ClockRow,
    {"stream": "text", "workspace_id": "text", "happened_at": "timestamptz"},
    key=("stream",),
)
VIEWS = Table(
    "views",
    ViewRow,
    {"view_id": "text", "workspace_id": "text", "state": "bytea"},
    key=("view_id",),
)
