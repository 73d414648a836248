"""A query's syntax into what the view of tasks is asked: its conditions and its order."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final

from api.http.call import Call
from api.query import past, present
from api.query.asking import Asking
from api.query.custom import CustomFields
from api.query.names import Names
from domain.values.frozen import dataclass
from infra.settings import Settings
from projections.custom_fields import FieldSort
from projections.query.conditions import All, Not, Some, required
from projections.query.moments import Calendar
from projections.query.parsing import QueryLimits
from projections.query.syntax import (
    AllOf,
    Among,
    AnyOf,
    Changed,
    Compared,
    Empty,
    Node,
    NotSo,
    Query,
    Sorting,
    Value,
    Was,
    conjuncts,
)
from projections.query.vocabulary import (
    SORTS,
    field_named,
    no_such_field,
    require_operator,
)
from projections.task_questions import Sort, SortBy, TaskFilter

_NOTHING: Final = TaskFilter()
_FIELDS: Final = tuple(each.name for each in fields(TaskFilter))


@dataclass(frozen=True, slots=True)
class Read:
    """`asked`: the filter that it was added to. `sort`: None where it says nothing of an order."""

    asked: TaskFilter
    sort: Sort | None


def query_limits(settings: Settings) -> QueryLimits:
    return QueryLimits(
        characters=settings.max_query_characters,
        clauses=settings.max_query_conditions,
        values=settings.max_query_values,
        depth=settings.max_query_depth,
    )


def names_projects(query: Query) -> bool:
    """Whether it can only find tasks of projects that it names itself."""
    return any(_projects_of(each) for each in conjuncts(query.where))


async def read(
    call: Call,
    query: Query,
    asked: TaskFilter,
    *,
    workspaces: Sequence[str],
    workspace_id: str | None,
    calendar: Calendar,
    pointer: str,
) -> Read:
    """The filter with the query's conditions, and its order. Raises Invalid at `pointer`."""
    names = Names(call, workspaces, workspace_id)
    asking = Asking(call.caller.user_id, names, calendar, pointer)
    named = [value for node in _nodes(query.where) for value in _projects_of(node)]
    project_ids = dict.fromkeys((*asked.project_ids, *await names.projects(named)))
    reader = _Reader(asking, CustomFields(call, asking, tuple(project_ids)))
    condition = None if query.where is None else await reader.condition(query.where)
    return Read(_narrowed(asked, condition), await reader.order(query.order))


@dataclass(frozen=True, slots=True)
class _Reader:
    asking: Asking
    custom: CustomFields

    async def condition(self, node: Node) -> Any:
        asking = self.asking
        match node:
            case AllOf(parts):
                return All(tuple([await self.condition(part) for part in parts]))
            case AnyOf(parts):
                return Some(tuple([await self.condition(part) for part in parts]))
            case NotSo(part):
                return Not(await self.condition(part))
            case Compared(name, operator, value, column):
                field = field_named(name)
                if field is None:
                    return await self.custom.compared(name, operator, value, column)
                require_operator(field, operator, column, asking.pointer)
                return await present.compared(asking, field, operator, value)
            case Among(name, values):
                field = field_named(name)
                if field is None:
                    return await self.custom.among(name, values)
                require_operator(field, "=", name.column, asking.pointer)
                return await present.among(asking, field, values)
            case Empty(name):
                field = field_named(name)
                if field is None:
                    return await self.custom.empty(name)
                if not field.optional:
                    raise asking.wrong(name.column, f"{name.text} always holds something.")
                return present.lacking(field)
            case Was():
                return await past.was(asking, self.custom, node)
            case Changed():
                return await past.changed(asking, self.custom, node)

    async def order(self, sorts: Sequence[Sorting]) -> Sort | None:
        found: dict[SortBy | FieldSort, Sort] = {}  # what stands there again decides nothing
        for each in sorts:
            by = None if each.name.quoted else SORTS.get(each.name.text.lower())
            if by is not None:
                usual = Sort.usual(by)
                down = usual.descending if each.descending is None else each.descending
                found.setdefault(by, Sort(by, down))
            elif field_named(each.name) is not None:
                raise no_such_field(each.name, tuple(SORTS), self.asking.pointer)
            else:
                field = await self.custom.sort(each.name)
                found.setdefault(field, Sort(descending=bool(each.descending), field=field))
        if not found:
            return None
        first, *then = found.values()
        return replace(first, then=tuple(then))


def _nodes(node: Node | None) -> tuple[Node, ...]:
    match node:
        case None:
            return ()
        case AllOf(parts) | AnyOf(parts):
            return tuple(each for part in parts for each in _nodes(part))
        case NotSo(part):
            return _nodes(part)
        case _:
            return (node,)


def _projects_of(node: Node) -> tuple[Value, ...]:
    """The projects that a condition asks for."""
    match node:
        case Compared(name, "=", value, _):
            values: tuple[Value, ...] = (value,)
        case Among(name, values):
            pass
        case _:
            return ()
    field = field_named(name)
    return values if field is not None and field.name == "project" else ()


def _narrowed(asked: TaskFilter, condition: Any) -> TaskFilter:
    """The filter with a condition: what a filter can say itself goes there, where its indexes
    are."""
    rest = []
    for each in required(condition):
        joined = _joined(asked, each) if isinstance(each, TaskFilter) else None
        if joined is None:
            rest.append(each)
        else:
            asked = joined
    return replace(asked, where=All(tuple(rest))) if rest else asked


def _joined(one: TaskFilter, other: TaskFilter) -> TaskFilter | None:
    """A filter that finds what both find; None where they say something of the same."""
    said = {
        name: getattr(other, name)
        for name in _FIELDS
        if name not in ("now", "meant_tags") and getattr(other, name) != getattr(_NOTHING, name)
    }
    taken = {name for name in said if getattr(one, name) != getattr(_NOTHING, name)}
    assigned = {"assignee_ids", "unassigned"}
    if taken or (assigned & said.keys() and (one.assignee_ids or one.unassigned)):
        return None
    return replace(one, **said, now=one.now or other.now)
