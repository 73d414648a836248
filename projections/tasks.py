"""Tasks: each task's whole answer, and every column that lists filter and sort by."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    """The order of a list; ties go by id in the same direction, nulls last both ways."""

    by: SortBy = SortBy.CREATED_AT
    descending: bool = True

    @classmethod
    def usual(cls, by: SortBy) -> "Sort":
        """The order that is meant when none is given: dates of making and change newest first."""
        return cls(by, by in (SortBy.CREATED_AT, SortBy.UPDATED_AT))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What tasks of a list have in common; an empty field asks nothing.

    `statuses` are keys or exact names of statuses, categories (in projects without a status of
    that key), `open`, `pending`, `completed`. `priorities` are levels. `assignee_ids`: one of
    them, or nobody where `unassigned`. `tags`: all of them; `tags_any`: one of them. Moments are
    inclusive. `overdue` compares with `now`. `q`: every word in title, key, external id or
    description, the last one as a prefix.
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
