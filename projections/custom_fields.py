"""Custom fields beside the tasks that have any: what lists filter and sort by."""

from typing import Any

import msgspec

from domain.task.state import Task
from domain.values.frozen import dataclass

from .projection import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAsked:
    """What a custom field of the tasks of a list is.

    `type` is one of `domain.project.fields.FIELD_TYPES`. `one_of`: it has one of these values
    (strings; numbers where the type is one; of the type date the first characters of its stored
    form, so that a day means all of its moments). `least` and `most` are inclusive and for
    numbers and dates. `empty`: whether it holds nothing.
    """

    key: str
    type: str
    one_of: tuple[str, ...] | None = None
    least: str | None = None
    most: str | None = None
    empty: bool | None = None


@dataclass(frozen=True, slots=True)
class FieldSort:
    """A custom field to sort by; `options` are those of the project, whose order is theirs."""

    key: str
    type: str
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class FieldsRow:
    """The custom fields of one task. A task that never had any has no row."""

    task_id: str
    workspace_id: str
    fields: bytes = b"{}"
    task: Task | None = None


FIELDS = Table(
    "fields",
    FieldsRow,
    {"task_id": "text", "workspace_id": "text", "fields": "jsonb"},
    key=("task_id",),
    indexes=("USING gin (fields jsonb_path_ops)",),
    computed=("fields",),
)

_json = msgspec.json.Encoder()


def finish_fields(row: FieldsRow) -> None:
    if row.task is not None:
        row.fields = _json.encode(row.task.fields)


def containing(asked: FieldAsked) -> list[str] | None:
    """JSON objects of which the fields of a task contain one where it has what is asked for;
    None where that is not told by what they contain."""
    if asked.one_of is None or asked.type == "date":
        return None
    return [
        _json.encode({asked.key: _as_stored(asked.type, each)}).decode() for each in asked.one_of
    ]


def _as_stored(kind: str, value: str) -> Any:
    match kind:
        case "number":
            return msgspec.Raw(value.encode())
        case "checkbox":
            return value == "true"
        case "choices":
            return [value]
        case _:
            return value
