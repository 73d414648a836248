"""Conditions of a query on what tasks were, and on how they changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from api.query.asking import Asking
from api.query.custom import CustomFields
from api.query.names import NOBODY
from projections.intervals import EMPTY, as_value
from projections.query.conditions import ChangedSo, Stood, WasSo, When
from projections.query.syntax import Changed, Name, Nothing, Period, Value, Was
from projections.query.vocabulary import Field, Kind, field_named, require_past


async def was(asking: Asking, custom: CustomFields, asked: Was) -> WasSo:
    """The field held one of the values, in all of the periods together."""
    field = field_named(asked.name)
    if field is None:
        stood, present = await custom.stood(asked.name, asked.values)
        when = await _when(asking, asked.periods)
        return WasSo(await custom.kept_as(asked.name), stood, when, present)
    require_past(asked.name, field, asking.pointer)
    stood = await _stood(asking, field, asked.name, asked.values)
    return WasSo(field.name, stood, await _when(asking, asked.periods))


async def changed(asking: Asking, custom: CustomFields, asked: Changed) -> ChangedSo:
    """The field changed, from one value to another where they are given."""
    field = field_named(asked.name)
    if field is not None:
        require_past(asked.name, field, asking.pointer)
    ends: list[Stood | None] = []
    for end in (asked.was, asked.now):
        if end is None:
            ends.append(None)
        elif field is None:
            ends.append((await custom.stood(asked.name, (end,)))[0])
        else:
            ends.append(await _stood(asking, field, asked.name, (end,)))
    kept = await custom.kept_as(asked.name) if field is None else field.name
    return ChangedSo(kept, ends[0], ends[1], await _when(asking, asked.periods))


async def _stood(
    asking: Asking, field: Field, name: Name, values: Sequence[Value | Nothing]
) -> Stood:
    given = [value for value in values if isinstance(value, Value)]
    nothing = [value for value in values if isinstance(value, Nothing)]
    if field.kind is Kind.PERSON:
        nobody = [each for each in given if not each.quoted and each.text.lower() == NOBODY]
        given = [each for each in given if each not in nobody]
        empty = bool(nothing or nobody)
    else:
        empty = bool(nothing)
    if nothing and not field.optional:
        raise asking.wrong(nothing[0].column, f"{name.text} always holds something.")
    stood = await _values(asking, field, given) if given else Stood()
    return replace(stood, values=(*stood.values, EMPTY)) if empty else stood


async def _values(asking: Asking, field: Field, values: Sequence[Value]) -> Stood:
    names = asking.names
    match field.kind:
        case Kind.PROJECT:
            return Stood(values=await names.seen_projects(values))
        case Kind.TASK:
            return Stood(values=await names.seen_tasks(values))
        case Kind.PERSON:
            return Stood(values=await names.people(values))
        case Kind.STATUS:
            return Stood(statuses=asking.texts(values))
        case Kind.LABEL:
            labels = asking.texts(values)
            return Stood(labels=labels, meant=await names.tags(labels))
        case Kind.MOMENT:
            spans = [asking.span(value).equal for value in values]
            return Stood(spans=tuple((as_value(first), as_value(end)) for first, end in spans))
        case Kind.PRIORITY:
            levels = {level for value in values for level in asking.levels(value)}
            return Stood(values=tuple(map(as_value, sorted(levels))))
        case Kind.NUMBER:
            return Stood(values=tuple(as_value(asking.number(value)) for value in values))
        case Kind.TRUTH:
            truths = (asking.truth(value) for value in values)
            return Stood(values=tuple("true" if each else "false" for each in truths))
        case _:
            return Stood(values=asking.texts(values))


async def _when(asking: Asking, periods: Sequence[Period]) -> When:
    when = When()
    for period in periods:
        if period.kind == "by":
            if when.by is not None:
                raise asking.wrong(period.values[0].column, "BY can be said once.")
            when = replace(when, by=await asking.names.people(period.values))
        else:
            when = _narrowed(asking, when, period)
    return when


def _narrowed(asking: Asking, when: When, period: Period) -> When:
    """Within this period as well."""
    spans = [asking.span(value) for value in period.values]
    first: datetime | None
    end: datetime | None
    match period.kind:
        case "before":
            first, end = None, spans[0].first
        case "after":
            first, end = spans[0].end, None
        case "on":
            first, end = spans[0].equal
        case _:
            first, end = spans[0].first, spans[1].end
            if first >= end:
                raise asking.wrong(period.values[1].column, "this is before the other one.")
    firsts = [each for each in (when.first, first) if each is not None]
    ends = [each for each in (when.end, end) if each is not None]
    return replace(
        when,
        first=max(firsts, default=None),
        end=min(ends, default=None),
        recorded=when.recorded or any(each.recorded for each in spans),
    )
