"""The tables of notifications, and what stands packed in their rows."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from domain.values.ids import SYSTEM_WORKSPACE
from projections.projection import Table
from projections.states import StateCodec

from .bundles import Bundle, Told


class News(msgspec.Struct, array_like=True):
    """Of a task, what decides who hears of it. `spoke`: who wrote comments or is mentioned in
    them, with how often. `said_soon` and `said_late`: the due date of which it was said last.
    `bundles`: those that may still grow, by what they are about."""

    key: str
    title: str | None
    creator_id: str
    assignee_ids: list[str]
    is_open: bool
    is_trashed: bool = False
    said_soon: datetime | None = None
    said_late: datetime | None = None
    chosen: dict[str, bool] = {}
    muted: list[str] = []
    spoke: dict[str, int] = {}
    bundles: dict[str, Bundle] = {}


class Naming(msgspec.Struct, array_like=True, frozen=True):
    """As what a project names a person or a team, and since which position."""

    role: str
    position: int


_news = StateCodec(News)
_named = StateCodec(dict[str, Naming])


@dataclass(slots=True)
class TaskRow:
    """`soon` and `late`: when it is due soon, or overdue, that is still to be said."""

    task_id: str
    workspace_id: str
    project_id: str
    due_at: datetime | None
    soon: bool
    late: bool
    state: bytes = b""
    unpacked: News | None = None

    @property
    def news(self) -> News:
        """To be changed in place, by whoever puts the row then."""
        if self.unpacked is None:
            self.unpacked = _news.decode(self.state)
        return self.unpacked


@dataclass(slots=True)
class MovedRow:
    """Where a task is now that was in another project before."""

    task_id: str
    workspace_id: str
    project_id: str


@dataclass(slots=True)
class CommentRow:
    comment_id: str
    workspace_id: str
    author_id: str
    mentions: list[str]
    deleted: bool = False


@dataclass(slots=True)
class ProjectRow:
    """`names`: id of a person or a team -> as what it is named."""

    project_id: str
    workspace_id: str
    is_private: bool
    archived: bool = False
    names: bytes = b"\x80"
    unpacked: dict[str, Naming] | None = None

    @property
    def named(self) -> dict[str, Naming]:
        """As `TaskRow.news`."""
        if self.unpacked is None:
            self.unpacked = _named.decode(self.names)
        return self.unpacked


@dataclass(slots=True)
class MemberRow:
    """`joined` is the position in the log at which they came in."""

    workspace_id: str
    user_id: str
    role: str
    joined: int
    suspended: bool = False
    team_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PersonRow:
    """`off`: the types of news that they do not want in the product."""

    user_id: str
    off: list[str]
    workspace_id: str = SYSTEM_WORKSPACE


@dataclass(slots=True)
class InboxRow:
    """`read_upto`: of one person in one workspace, all that came up to this position is read."""

    user_id: str
    workspace_id: str
    read_upto: int


@dataclass(slots=True)
class NotificationRow:
    """`position` is that of the first change in it, `last` of the last; `project_id` where the
    task was then. `doc` is made of what is `told`, where a change came to it; what its reader did
    with it stands beside."""

    notification_id: str
    user_id: str
    workspace_id: str
    project_id: str
    task_id: str | None
    type: str
    position: int
    last: int
    is_read: bool = False
    snoozed_until: datetime | None = None
    doc: bytes = b""
    told: Told | None = None


def pack_task(row: TaskRow) -> None:
    if row.unpacked is not None:
        row.state = _news.encode(row.unpacked)


def pack_project(row: ProjectRow) -> None:
    if row.unpacked is not None:
        row.names = _named.encode(row.unpacked)


def write_notification(row: NotificationRow) -> None:
    if row.told is not None:
        row.doc = row.told.doc(row.notification_id, row.user_id)
        row.told = None


TASKS = Table(
    "tasks",
    TaskRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "project_id": "text",
        "due_at": "timestamptz",
        "soon": "boolean",
        "late": "boolean",
        "state": "bytea",
    },
    key=("task_id",),
    indexes=("(due_at, task_id) WHERE soon", "(due_at, task_id) WHERE late"),
    fillfactor=80,
)
MOVED = Table(
    "moved",
    MovedRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text"},
    key=("task_id",),
)
COMMENTS = Table(
    "comments",
    CommentRow,
    {
        "comment_id": "text",
        "workspace_id": "text",
        "author_id": "text",
        "mentions": "text[]",
        "deleted": "boolean",
    },
    key=("comment_id",),
)
PROJECTS = Table(
    "projects",
    ProjectRow,
    {
        "project_id": "text",
        "workspace_id": "text",
        "is_private": "boolean",
        "archived": "boolean",
        "names": "bytea",
    },
    key=("project_id",),
)
MEMBERS = Table(
    "members",
    MemberRow,
    {
        "workspace_id": "text",
        "user_id": "text",
        "role": "text",
        "joined": "bigint",
        "suspended": "boolean",
        "team_ids": "text[]",
    },
    key=("workspace_id", "user_id"),
)
PEOPLE = Table(
    "people",
    PersonRow,
    {"user_id": "text", "off": "text[]", "workspace_id": "text"},
    key=("user_id",),
)
INBOXES = Table(
    "inboxes",
    InboxRow,
    {"user_id": "text", "workspace_id": "text", "read_upto": "bigint"},
    key=("user_id", "workspace_id"),
)
NOTIFICATIONS = Table(
    "notifications",
    NotificationRow,
    {
        "notification_id": "text",
        "user_id": "text",
        "workspace_id": "text",
        "project_id": "text",
        "task_id": "text",
        "type": "text",
        "position": "bigint",
        "last": "bigint",
        "is_read": "boolean",
        "snoozed_until": "timestamptz",
        "doc": "bytea",
    },
    key=("notification_id",),
    indexes=(
        "(user_id, position, notification_id)",
        "(user_id, workspace_id, last) WHERE NOT is_read",
        "(task_id)",
    ),
)
