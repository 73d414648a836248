"""The tables of boards."""

from dataclasses import dataclass, field

from .board_answers import BoardHead, Card
from .projection import Table


@dataclass(slots=True)
class CardRow:
    """A row without a card is that of a task which the view does not have, since its stream is
    parked: comments on it made the row. It has no project, so that no board finds it. `doc` is both
    the answer and what is folded. `lanes` are those of every kind, as
    `domain.project.lanes.lane_key` has them: few changes move a card to other ones."""

    task_id: str
    workspace_id: str
    project_id: str | None = None
    trashed: bool = False
    comment_count: int = 0
    status_category: str | None = None
    parent_task_id: str | None = None
    progress_done: int = 0
    progress_total: int = 0
    lanes: list[str] = field(default_factory=list)
    doc: bytes | None = None
    status: str | None = None
    rank: str | None = None
    card: Card | None = None


@dataclass(slots=True)
class BoardRow:
    project_id: str
    workspace_id: str
    doc: bytes = b""
    head: BoardHead | None = None


@dataclass(slots=True)
class ColumnRow:
    """`place` counts from 0, left to right."""

    project_id: str
    place: int
    workspace_id: str
    column_id: str
    statuses: tuple[str, ...]
    doc: bytes


CARDS = Table(
    "cards",
    CardRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "project_id": "text",
        "trashed": "boolean",
        "comment_count": "integer",
        "status_category": "text",
        "parent_task_id": "text",
        "progress_done": "integer",
        "progress_total": "integer",
        "lanes": "text[]",
        "doc": "bytea",
        "status": "text",
        "rank": "text",
    },
    key=("task_id",),
    indexes=("(project_id, status, trashed, rank, task_id) INCLUDE (workspace_id)",),
    fillfactor=85,
    computed=("status", "rank"),
)
BOARDS = Table(
    "boards",
    BoardRow,
    {"project_id": "text", "workspace_id": "text", "doc": "bytea"},
    key=("project_id",),
)
COLUMNS = Table(
    "columns",
    ColumnRow,
    {
        "project_id": "text",
        "place": "smallint",
        "workspace_id": "text",
        "column_id": "text",
        "statuses": "text[]",
        "doc": "bytea",
    },
    key=("project_id", "place"),
)
