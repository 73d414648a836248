"""What lists of tasks are asked: by which filters, in which order."""

from datetime import datetime
from enum import StrEnum

from domain.values.frozen import dataclass

from .custom_fields import FieldAsked, FieldSort


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
