"""What a search may be asked: free text beside every filter of a list of tasks."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from api.query.field_query import SORTED
from api.routes.task_listing import TaskInWorkspaceQuery
from domain.errors import invalid
from projections.custom_fields import FieldSort
from projections.task_questions import Sort, SortBy

RELEVANCE: Final = "relevance"
# What `order` gives where relevance is asked for: told by its identity.
BY_RELEVANCE: Final = Sort()

_SORTS: Final = "|".join((*(each.value for each in SortBy), SORTED))
# Short names in `filters`, beside those that the parameters have themselves.
_SHORT: Final = {
    "project": "project_id",
    "assignee": "assignee_id",
    "creator": "creator_id",
    "parent": "parent_task_id",
    "tag": "tags",
    "label": "tags",
    "labels": "tags",
    "due": "due_before",
    "blocked": "is_blocked",
}
_SEVERAL: Final = frozenset(
    {
        "project_id", "status", "priority", "assignee_id", "creator_id", "tags", "tags_any",
        "parent_task_id", "type",
    }
)  # fmt: skip
_SINGLE: Final = frozenset(
    {
        "priority_lte", "due_before", "due_after", "due_date_before", "due_date_after",
        "updated_after", "is_blocked", "overdue", "trashed", "workspace_id",
    }
)  # fmt: skip


class SearchQuery(TaskInWorkspaceQuery):
    """By relevance where something is looked for, unless another order is named."""

    sort_by: Annotated[
        str | None,
        Field(pattern=rf"^({RELEVANCE}|{_SORTS})$", description="`relevance`, or as for lists."),
    ] = None
    sort: Annotated[
        str | None,
        Field(pattern=rf"^({RELEVANCE}|-?({_SORTS}))$", description="`relevance`, `-due_date` ..."),
    ] = None
    q: Annotated[
        str | None,
        Field(
            max_length=1_000,
            description='Words, `"phrases"`, `beginnings*`, and `-what` should not be there.',
        ),
    ] = None
    in_short: Annotated[
        tuple[str, ...],
        Field(
            alias="filters",
            max_length=100,
            description="Filters in short: `assignee:me,status:open`.",
        ),
    ] = ()

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: Any) -> Any:
        """Raises Invalid for a filter that there is not."""
        if not isinstance(given, Mapping) or not given.get("filters"):
            return given
        values = dict(given)
        for short in given["filters"]:
            name, _, value = short.partition(":")
            name = _SHORT.get(name, name)
            if name in _SEVERAL and value:
                values[name] = [*values.get(name, ()), value]
            elif name in _SINGLE and value:
                if name in values:
                    raise _no_filter(short, f"{name} takes one value")
                values[name] = value
            else:
                raise _no_filter(short, "a filter is a name, a colon and a value")
        return values

    @model_validator(mode="after")
    def _relevance_has_one_way(self) -> Self:
        if self.sort_by == RELEVANCE and self.sort_order == "asc":
            raise ValueError("relevance has no other order than the best first")
        return self

    def order(self, field: FieldSort | None = None) -> Sort:
        """As for lists; without one named BY_RELEVANCE, which is newest first where there is
        none."""
        named = self.sort_by or self.sort
        if named in (None, RELEVANCE) and not self.sort_by_priority:
            return BY_RELEVANCE
        return super().order(field)


def _no_filter(short: str, why: str) -> Exception:
    known = ", ".join(sorted({*_SHORT, *_SEVERAL, *_SINGLE}))
    return invalid("/query/filters", f"{short[:100]!r}: {why}. There are: {known}.", "unknown")
