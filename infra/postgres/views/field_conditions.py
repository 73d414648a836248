"""Custom fields as SQL: conditions on them and orders by them, whatever stands in a field.

A value may be of another type than its field has now (a field that went and came back as another
kind): it meets no condition and sorts as nothing, and never fails a statement.
"""

from collections.abc import Sequence
from typing import Any, Final

from projections.custom_fields import FieldAsked, FieldSort

from .cursors import Float, Int32
from .reader import Parameters

# A date's stored form up to its seconds: days and moments of UTC in one order.
_DATE_CHARACTERS: Final = 19
_TEXT_CHARACTERS: Final = 200

WITH_FIELDS: Final = (
    "(SELECT t.*, f.fields FROM {tasks_tasks} AS t"
    " LEFT JOIN {tasks_fields} AS f ON f.task_id = t.task_id)"
)


def conditions_on(asked: FieldAsked, params: Parameters) -> list[str]:
    """Conditions on `t.fields`, all of which hold where a task has what is asked for."""
    key = params.add("text", asked.key)
    found = []
    if asked.one_of is not None:
        found.append(_one_of(asked, key, params))
    if asked.least is not None:
        found.append(f"{_measured(asked.type, key)} >= {_bound(asked.type, asked.least, params)}")
    if asked.most is not None:
        found.append(f"{_measured(asked.type, key)} <= {_bound(asked.type, asked.most, params)}")
    if asked.empty is not None:
        held = f"coalesce(t.fields ->> {key}, '') NOT IN ('', '[]')"
        found.append(f"NOT ({held})" if asked.empty else held)
    return found


def order_by(sort: FieldSort, params: Parameters) -> tuple[str, str, Any]:
    """The SQL to sort by, null where the field holds nothing; its PostgreSQL type, and the type
    of a cursor's value."""
    key = params.add("text", sort.key)
    text = f"t.fields ->> {key}"
    match sort.type:
        case "number":
            value = f"({text})::double precision"
            return _only("number", key, value), "double precision", Float | None
        case "checkbox":
            return _only("boolean", key, f"({text})::boolean::integer"), "integer", Int32 | None
        case "date":
            return f'(left({text}, {_DATE_CHARACTERS}) COLLATE "C")', "text", str | None
        case "choice" | "choices":
            first = text if sort.type == "choice" else f"t.fields -> {key} ->> 0"
            options = params.add("text[]", sort.options)
            return f"array_position({options}, {first})", "integer", Int32 | None
        case _:
            shown = f'(left(lower({text}), {_TEXT_CHARACTERS}) COLLATE "C")'
            return f"nullif({shown}, '')", "text", str | None


def _one_of(asked: FieldAsked, key: str, params: Parameters) -> str:
    values: Sequence[str] = asked.one_of or ()
    match asked.type:
        case "number":
            return f"{_measured('number', key)} = ANY({params.add('text[]', values)}::numeric[])"
        case "choices":
            return f"jsonb_exists_any(t.fields -> {key}, {params.add('text[]', values)})"
        case "date":
            ways = (
                f"starts_with(t.fields ->> {key}, {params.add('text', each)})" for each in values
            )
            return f"({' OR '.join(ways)})" if values else "false"
        case _:
            return f"t.fields ->> {key} = ANY({params.add('text[]', values)})"


def _measured(kind: str, key: str) -> str:
    if kind == "number":
        return _only("number", key, f"(t.fields ->> {key})::numeric")
    return f'(left(t.fields ->> {key}, {_DATE_CHARACTERS}) COLLATE "C")'


def _bound(kind: str, value: str, params: Parameters) -> str:
    bound = params.add("text", value)
    return f"{bound}::numeric" if kind == "number" else bound


def _only(kind: str, key: str, value: str) -> str:
    """CASE keeps the cast away from values that it would fail on."""
    return f"(CASE WHEN jsonb_typeof(t.fields -> {key}) = '{kind}' THEN {value} END)"
