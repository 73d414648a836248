"""Orders of tasks: by what every task has, by custom fields, and by several of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from projections.custom_fields import FieldSort
from projections.task_questions import Sort, SortBy

from .cursors import CursorCodec, Int16, Int64
from .field_conditions import order_by
from .lists import Order, Ordering
from .mixed_order import MixedOrder, Part
from .reader import Parameters

_COLUMNS: Final[Mapping[SortBy, tuple[tuple[str, str, Any], ...]]] = {
    SortBy.CREATED_AT: (("t.created_at", "timestamptz", datetime),),
    SortBy.UPDATED_AT: (("t.updated_at", "timestamptz", datetime),),
    SortBy.DUE_DATE: (("t.due_date", "timestamptz", datetime | None),),
    SortBy.PRIORITY: (("t.priority", "smallint", Int16),),
    SortBy.TITLE: (("t.title_key", "text", str),),
    SortBy.KEY: (("t.project_key", "text", str), ("t.number", "bigint", Int64)),
    SortBy.RANK: (("t.rank", "text", str),),
}
_ID: Final = ("t.task_id", "text", str)


def order_of(sort: Sort, params: Parameters) -> Ordering:
    """The order as SQL; of a custom field, of which a project may have any, its key and options
    become parameters."""
    if sort.then:
        return _mixed(sort, params)
    return _ORDERS[sort] if sort.field is None else _by_field(sort, sort.field, params)


def _order(sort: Sort) -> Order:
    columns = (*_COLUMNS[sort.by], _ID)
    return Order(
        tuple((column, kind) for column, kind, _ in columns),
        sort.descending,
        CursorCodec(f"tasks:{_name(sort)}", *(value for _, _, value in columns)),
        nullable=sort.by is SortBy.DUE_DATE,
    )


def _by_field(sort: Sort, field: FieldSort, params: Parameters) -> Order:
    column, kind, value = order_by(field, params)
    return Order(
        ((column, kind), ("t.task_id", "text")),
        sort.descending,
        CursorCodec(f"tasks:{_name(sort)}", value, str),
        nullable=True,
    )


def _mixed(sort: Sort, params: Parameters) -> MixedOrder:
    parts: list[Part] = []
    values: list[Any] = []
    for each in (sort, *sort.then):
        columns = _COLUMNS[each.by] if each.field is None else (order_by(each.field, params),)
        nullable = each.field is not None or each.by is SortBy.DUE_DATE
        parts += [Part(column, kind, each.descending, nullable) for column, kind, _ in columns]
        values += [value for *_, value in columns]
    column, kind, value = _ID
    parts.append(Part(column, kind, parts[-1].descending))
    name = ",".join(_name(each) for each in (sort, *sort.then))
    return MixedOrder(tuple(parts), CursorCodec(f"tasks:{name}", *values, value))


def _name(sort: Sort) -> str:
    by = sort.by.value if sort.field is None else f"fields.{sort.field.key}:{sort.field.type}"
    return f"{by}:{'desc' if sort.descending else 'asc'}"


_ORDERS: Final = {sort: _order(sort) for by in SortBy for sort in (Sort(by, False), Sort(by, True))}
