"""What a list of tasks may be asked: every filter and order, in the forms that people use."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from api.http.paging import PageQuery
from api.query.field_query import NAMED, SORTED
from domain.errors import invalid
from domain.values.moment import day_or_moment, moment
from domain.values.priority import BANDS, level_of, levels_of
from projections.custom_fields import FieldAsked, FieldSort
from projections.query.parsing import QueryLimits, parsed
from projections.query.syntax import Query
from projections.task_questions import Sort, SortBy, TaskFilter

_SORTS: Final = "|".join((*(each.value for each in SortBy), SORTED))
QUERY_POINTER: Final = "/query/query"
_WHOLE: Final = "A moment, or a whole day in your time zone."

Word = Annotated[str, Field(max_length=200)]
Ids = Annotated[tuple[Word, ...], Field(max_length=1_000)]
Words = Annotated[tuple[Word, ...], Field(max_length=100)]
Text = Annotated[str | None, Field(max_length=1_000)]
Day = Annotated[str | None, Field(description=_WHOLE, max_length=50)]


class TaskOrderQuery(PageQuery):
    """The order of a list of tasks."""

    sort_by: Annotated[
        str | None,
        Field(
            pattern=rf"^({_SORTS})$",
            description="`created_at`, `updated_at`, `due_date`, `priority`, `title`, `key`,"
            " `rank`, or a custom field: `field.size`.",
        ),
    ] = None
    sort_order: Literal["asc", "desc"] | None = None
    sort: Annotated[
        str | None,
        Field(pattern=rf"^-?({_SORTS})$", description="`due_date`, or `-due_date` descending."),
    ] = None
    sort_by_priority: Annotated[bool, Field(description="Most urgent first.")] = False

    @model_validator(mode="after")
    def _one_order(self) -> Self:
        if sum((self.sort_by is not None, self.sort is not None, self.sort_by_priority)) > 1:
            raise ValueError("sort_by, sort and sort_by_priority exclude each other")
        if self.sort is not None and self.sort_order is not None:
            raise ValueError("sort says its direction itself; sort_order goes with sort_by")
        return self

    @property
    def sorted_by(self) -> str | None:
        """What the list is sorted by, as it was asked for."""
        return self.sort_by if self.sort is None else self.sort.removeprefix("-")

    def order(self, field: FieldSort | None = None) -> Sort:
        """The order asked for, else newest first; `field` where that is a custom field."""
        if field is not None:
            descending = (self.sort or "").startswith("-") or self.sort_order == "desc"
            return Sort(descending=descending, field=field)
        if self.sort is not None:
            return Sort(SortBy(self.sort.removeprefix("-")), self.sort.startswith("-"))
        by = SortBy.PRIORITY if self.sort_by_priority else SortBy(self.sort_by or "created_at")
        if self.sort_order is None:
            return Sort.usual(by)
        return Sort(by, self.sort_order == "desc")


class TaskListQuery(TaskOrderQuery):
    """Filters and order of a list of tasks; several values by repeating or by comma."""

    open_names = NAMED

    project_id: Annotated[Ids, Field(description="Ids or keys.")] = ()
    status: Annotated[
        Words, Field(description="Keys, names, categories, `open`, `pending` or `completed`.")
    ] = ()
    priority: Annotated[Words, Field(description="Levels, or names for their bands.")] = ()
    priority_lte: Annotated[int | None, Field(ge=1, le=10)] = None
    assignee_id: Annotated[Ids, Field(description="Ids, `me` or `none`.")] = ()
    creator_id: Annotated[Ids, Field(description="Ids or `me`.")] = ()
    tags: Annotated[Words, Field(description="All of them.")] = ()
    tags_any: Annotated[Words, Field(description="Any of them.")] = ()
    parent_task_id: Annotated[Ids, Field(description="Ids or keys.")] = ()
    due_before: Day = None
    due_after: Day = None
    due_date_before: Day = None
    due_date_after: Day = None
    updated_after: Annotated[str | None, Field(max_length=50, description="A moment.")] = None
    type: Words = ()
    is_blocked: bool | None = None
    overdue: bool | None = None
    trashed: bool = False
    q: Annotated[
        Text,
        Field(description="Every word, the last by its beginning, in any text of the task."),
    ] = None
    search: Annotated[Text, Field(description="The same as `q`.")] = None
    query: Annotated[
        str | None,
        Field(
            max_length=10_000,
            description="A text in the query language, as docs/query-language.md has it:"
            " `project = WEB AND status WAS in_review BEFORE -1w ORDER BY due`.",
        ),
    ] = None

    def filters(
        self,
        caller: str,
        project_ids: tuple[str, ...],
        parent_task_ids: tuple[str, ...],
        time_zone: str,
        now: datetime,
        *,
        mine: bool = False,
        fields: tuple[FieldAsked, ...] = (),
    ) -> TaskFilter:
        """The filter as the view understands it; `time_zone` says where the caller's days end,
        `mine` that only what is assigned to the caller is meant. `fields` are the custom ones.

        Raises Invalid for a priority or a time that is none.
        """
        before = (("due_before", self.due_before), ("due_date_before", self.due_date_before))
        after = (("due_after", self.due_after), ("due_date_after", self.due_date_after))
        return TaskFilter(
            project_ids=project_ids,
            statuses=tuple(self.status),
            priorities=_levels(self.priority),
            priority_lte=self.priority_lte,
            assignee_ids=(caller,) if mine else _people(self.assignee_id, caller),
            unassigned=not mine and "none" in self.assignee_id,
            creator_ids=_people(self.creator_id, caller),
            tags=tuple(self.tags),
            tags_any=tuple(self.tags_any),
            types=tuple(self.type),
            parent_task_ids=parent_task_ids,
            due_before=min(_days(before, time_zone, end_of_day=True), default=None),
            due_after=max(_days(after, time_zone, end_of_day=False), default=None),
            updated_after=None
            if self.updated_after is None
            else moment(self.updated_after, "/query/updated_after"),
            overdue=self.overdue,
            now=now,
            is_blocked=self.is_blocked,
            trashed=self.trashed,
            fields=fields,
            q=" ".join(each for each in (self.q, self.search) if each) or None,
        )

    def parsed(self, limits: QueryLimits) -> Query | None:
        """The syntax of `query`, None where it is not given. Raises Invalid, and also where it
        and the other parameters both say an order."""
        if self.query is None:
            return None
        query = parsed(self.query, QUERY_POINTER, limits)
        if query.order and (self.sorted_by is not None or self.sort_by_priority):
            detail = "Say the order with ORDER BY or with the parameters of sorting, not both."
            raise invalid(QUERY_POINTER, detail)
        return query


def _levels(priorities: Iterable[str]) -> tuple[int, ...]:
    """A number is that level, a name its whole band."""
    levels: set[int] = set()
    for priority in priorities:
        if priority.lower() in BANDS:
            levels.update(levels_of(priority.lower()))
        elif priority.isdecimal() and len(priority) < 3:
            levels.add(level_of(int(priority), "/query/priority"))
        else:
            levels.add(level_of(priority, "/query/priority"))
    return tuple(sorted(levels))


def _people(ids: Iterable[str], caller: str) -> tuple[str, ...]:
    return tuple(caller if each == "me" else each for each in ids if each != "none")


def _days(
    given: Iterable[tuple[str, str | None]], time_zone: str, *, end_of_day: bool
) -> list[datetime]:
    return [
        day_or_moment(text, time_zone, end_of_day=end_of_day, pointer=f"/query/{name}")[0]
        for name, text in given
        if text is not None
    ]
