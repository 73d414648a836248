"""The conditions of a query as SQL on tasks: values as parameters alone, nulls met by nothing."""

from typing import Any, Final

from projections.intervals import as_value
from projections.query.conditions import (
    All,
    ChangedSo,
    FieldSays,
    Lacks,
    Measured,
    Not,
    OneOf,
    Some,
    Titled,
    WasSo,
    Within,
)
from projections.task_questions import TaskFilter
from projections.titles import title_key

from .filter_conditions import matching
from .history_conditions import changed_so, holds_now, was_so
from .reader import Parameters

_COLUMNS: Final = {"due": "t.due_date", "created": "t.created_at", "updated": "t.updated_at"}
_NONE: Final = {
    "due": "t.due_date IS NULL",
    "label": "t.tags = ARRAY[]::text[]",
    "parent": "t.parent_task_id IS NULL",
}


def asked_for(condition: Any, params: Parameters) -> str:
    """SQL on `t` (tasks, with `t.fields` where custom fields are asked) that is true where the
    condition holds, and else false or null."""
    match condition:
        case All(parts):
            return _joined(" AND ", [asked_for(part, params) for part in parts], "true")
        case Some(parts):
            return _joined(" OR ", [asked_for(part, params) for part in parts], "false")
        case Not(part):
            return f"({asked_for(part, params)}) IS NOT TRUE"
        case TaskFilter():
            return _joined(" AND ", matching(condition, params), "true")
        case Within():
            return _within(condition, params)
        case Lacks(field):
            return _NONE.get(field) or f"NOT {holds_now(field, params, 'true')}"
        case Measured():
            return _measured(condition, params)
        case Titled(texts, whole):
            keys = [params.add("text", title_key(text)) for text in texts]
            ways = [f"t.title_key = {key}" if whole else _has("t.title_key", key) for key in keys]
            return _joined(" AND ", ways, "true")
        case FieldSays(key, texts):
            held = f"lower(t.fields ->> {params.add('text', key)})"
            ways = [_has(held, f"lower({params.add('text', text)})") for text in texts]
            return _joined(" AND ", ways, "true")
        case OneOf(task_ids):
            return f"t.task_id = ANY({params.add('text[]', task_ids)})"
        case WasSo():
            now = condition.present
            return was_so(condition, params, None if now is None else asked_for(now, params))
        case ChangedSo():
            return changed_so(condition, params)
        case _:
            raise TypeError(f"no condition on tasks: {condition!r}")


def _joined(between: str, parts: list[str], none: str) -> str:
    return f"({between.join(parts)})" if parts else none


def _within(asked: Within, params: Parameters) -> str:
    column = _COLUMNS.get(asked.field)
    kind, held = ("text", "i.value") if column is None else ("timestamptz", column)
    ways = []
    for sign, at in ((">=", asked.first), ("<", asked.end)):
        if at is not None:
            bound = params.add(kind, as_value(at) if column is None else at)
            ways.append(f"{held} {sign} {bound}")
    condition = _joined(" AND ", ways, f"{held} IS NOT NULL")
    return condition if column is not None else holds_now(asked.field, params, condition)


def _measured(asked: Measured, params: Parameters) -> str:
    value = "CASE WHEN i.field = 'estimate' THEN nullif(i.value, '')::double precision END"
    ways = []
    if asked.least is not None:
        ways.append(f"{value} >= {params.add('double precision', asked.least)}")
    if asked.most is not None:
        ways.append(f"{value} <= {params.add('double precision', asked.most)}")
    return holds_now("estimate", params, _joined(" AND ", ways, "true"))


def _has(text: str, part: str) -> str:
    return f"strpos({text}, {part}) > 0"
