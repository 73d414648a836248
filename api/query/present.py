"""Conditions of a query on what tasks are now."""

from collections.abc import Sequence
from typing import Any, assert_never

from api.query.asking import Asking
from api.query.names import NOBODY
from projections.query.conditions import All, Lacks, Measured, Not, OneOf, Some, Titled, Within
from projections.query.syntax import Value
from projections.query.vocabulary import Field, Kind
from projections.task_questions import TaskFilter
from projections.words import words

_LEVELS = range(1, 11)
_DENIED = {"!=": "=", "!~": "~"}


async def compared(asking: Asking, field: Field, operator: str, value: Value) -> Any:
    """A field with one value; the operator is one that the field has."""
    if operator in _DENIED:
        return Not(await compared(asking, field, _DENIED[operator], value))
    match operator:
        case "=":
            return await among(asking, field, (value,))
        case "~" if field.kind is Kind.TEXT:
            return TaskFilter(q=" ".join(asking.words(value, words)))
        case "~":
            return Titled(asking.words(value, str.split))
        case _:
            return _ordered(asking, field, operator, value)


async def among(asking: Asking, field: Field, values: Sequence[Value]) -> Any:
    """A field that has one of these values."""
    match field.kind:
        case Kind.PROJECT:
            return TaskFilter(project_ids=await asking.names.projects(values))
        case Kind.TASK if field.name == "parent":
            return TaskFilter(parent_task_ids=await asking.names.tasks(values))
        case Kind.TASK:
            return OneOf(await asking.names.tasks(values))
        case Kind.PERSON:
            return await _people(asking, field, values)
        case Kind.STATUS:
            return TaskFilter(statuses=asking.texts(values))
        case Kind.PRIORITY:
            levels = sorted({level for value in values for level in asking.levels(value)})
            return TaskFilter(priorities=tuple(levels))
        case Kind.LABEL:
            return await asking.names.labelled(TaskFilter(tags_any=asking.texts(values)))
        case Kind.TYPE:
            return TaskFilter(types=asking.texts(values))
        case Kind.MOMENT:
            return Some(tuple(_on(asking, field, value) for value in values))
        case Kind.NUMBER:
            numbers = [asking.number(value) for value in values]
            return Some(tuple(Measured(least=each, most=each) for each in numbers))
        case Kind.TRUTH:
            return Some(tuple(_true(asking, field, value) for value in values))
        case Kind.TITLE:
            return Some(tuple(Titled((text,), whole=True) for text in asking.texts(values)))
        case Kind.TEXT:
            raise asking.wrong(values[0].column, f"{field.name} is asked with ~ alone.")
        case never:
            assert_never(never)


def lacking(field: Field) -> Any:
    """A field that holds nothing, of those that may."""
    return TaskFilter(unassigned=True) if field.kind is Kind.PERSON else Lacks(field.name)


async def _people(asking: Asking, field: Field, values: Sequence[Value]) -> Any:
    named = [value for value in values if value.quoted or value.text.lower() != NOBODY]
    ids = await asking.names.people(named)
    if field.name == "creator":
        return TaskFilter(creator_ids=ids) if ids else Some(())
    return TaskFilter(assignee_ids=ids, unassigned=len(named) < len(values))


def _true(asking: Asking, field: Field, value: Value) -> TaskFilter:
    truth = asking.truth(value)
    if field.name == "overdue":
        return TaskFilter(overdue=truth, now=asking.calendar.now)
    return TaskFilter(is_blocked=truth)


def _on(asking: Asking, field: Field, value: Value) -> Within:
    first, end = asking.span(value).equal
    return Within(field=field.name, first=first, end=end)


def _ordered(asking: Asking, field: Field, operator: str, value: Value) -> Any:
    match field.kind:
        case Kind.PRIORITY:
            meant = asking.levels(value)
            levels = tuple(each for each in _LEVELS if _holds(each, operator, meant[0], meant[-1]))
            return TaskFilter(priorities=levels) if levels else Some(())
        case Kind.NUMBER:
            number = asking.number(value)
            strict = Not(Measured(least=number, most=number))
            least = number if operator in (">", ">=") else None
            bound = Measured(least=least, most=number if least is None else None)
            return bound if "=" in operator else All((bound, strict))
        case _:
            span = asking.span(value)
            if span.recorded:
                detail = "recorded() is for BEFORE, AFTER, ON and DURING."
                raise asking.wrong(value.column, detail)
            match operator:
                case "<":
                    return Within(field=field.name, end=span.first)
                case "<=":
                    return Within(field=field.name, end=span.end)
                case ">":
                    return Within(field=field.name, first=span.end)
                case _:
                    return Within(field=field.name, first=span.first)


def _holds(level: int, operator: str, least: int, most: int) -> bool:
    match operator:
        case "<":
            return level < least
        case "<=":
            return level <= most
        case ">":
            return level > most
        case _:
            return level >= least
