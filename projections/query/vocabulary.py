"""The fields that a query may name, what each may be asked, and whose history is kept."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.errors import Invalid
from domain.values.frozen import dataclass
from projections.task_questions import SortBy

from .errors import listed, suggestion, wrong
from .syntax import Name


class Kind(StrEnum):
    """What a field's values are."""

    PROJECT = "projects, by id or key"
    TASK = "tasks, by id or key"
    PERSON = "people: me, @username, a name or an id"
    STATUS = "statuses, categories or open"
    PRIORITY = "levels 1 to 10, or critical, high, medium and low"
    LABEL = "labels"
    TYPE = "types"
    MOMENT = "days and moments"
    NUMBER = "numbers"
    TRUTH = "true or false"
    TITLE = "text"
    TEXT = "text, with ~"


_EQUAL: Final = ("=", "!=")
_ORDERED: Final = (*_EQUAL, "<", "<=", ">", ">=")
_SAYS: Final = ("~", "!~")

OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = {
    **dict.fromkeys(Kind, _EQUAL),
    Kind.PRIORITY: _ORDERED,
    Kind.MOMENT: _ORDERED,
    Kind.NUMBER: _ORDERED,
    Kind.TITLE: (*_EQUAL, *_SAYS),
    Kind.TEXT: _SAYS,
}


@dataclass(frozen=True, slots=True)
class Field:
    """`now`: it may be asked what it is; `past`: what it was, as `projections.intervals` calls
    it by the same name. `optional`: it may hold nothing."""

    name: str
    kind: Kind
    also: tuple[str, ...] = ()
    now: bool = True
    past: bool = False
    optional: bool = False


FIELDS: Final = (
    Field("project", Kind.PROJECT, ("project_id",), past=True),
    Field("status", Kind.STATUS, past=True),
    Field("assignee", Kind.PERSON, ("assignees", "assignee_id"), past=True, optional=True),
    Field("creator", Kind.PERSON, ("creator_id", "reporter")),
    Field("priority", Kind.PRIORITY, past=True),
    Field("label", Kind.LABEL, ("labels", "tag", "tags"), past=True, optional=True),
    Field("type", Kind.TYPE, past=True),
    Field("parent", Kind.TASK, ("parent_task_id",), past=True, optional=True),
    Field("key", Kind.TASK, ("id", "task", "task_id")),
    Field("due", Kind.MOMENT, ("due_date",), past=True, optional=True),
    Field("start", Kind.MOMENT, ("start_date",), past=True, optional=True),
    Field("created", Kind.MOMENT, ("created_at",)),
    Field("updated", Kind.MOMENT, ("updated_at",)),
    Field("estimate", Kind.NUMBER, past=True, optional=True),
    Field("blocked", Kind.TRUTH, ("is_blocked",), past=True),
    Field("overdue", Kind.TRUTH),
    Field("trashed", Kind.TRUTH, now=False, past=True),
    Field("title", Kind.TITLE, ("summary",)),
    Field("text", Kind.TEXT, ("q",)),
)

SORTS: Final[Mapping[str, SortBy]] = {
    "created": SortBy.CREATED_AT,
    "updated": SortBy.UPDATED_AT,
    "due": SortBy.DUE_DATE,
    **{each.value: each for each in SortBy},
}

_BY_NAME: Final = {name: field for field in FIELDS for name in (field.name, *field.also)}
_CUSTOM: Final = ("fields.", "field.")


def field_named(name: Name) -> Field | None:
    """None: it can only be a custom field."""
    return None if name.quoted else _BY_NAME.get(name.text.lower())


def custom_key(name: Name) -> str:
    """The key of the custom field that is meant."""
    for prefix in _CUSTOM:
        if name.text.lower().startswith(prefix) and len(name.text) > len(prefix):
            return name.text[len(prefix) :]
    return name.text


def no_such_field(name: Name, custom: tuple[str, ...], pointer: str) -> Invalid:
    """`custom`: keys of the fields that the projects named have."""
    meant = suggestion(custom_key(name), (*(each.name for each in FIELDS), *custom))
    detail = (
        f"there is no field {name.text}{' in the projects named' if custom else ''}; fields of"
        f" every task are {listed([each.name for each in FIELDS], 'and')}, others are those of"
        " the projects that the query names with project =."
    )
    return wrong(pointer, name.column, detail + meant, "unknown")


def require_operator(field: Field, operator: str, column: int, pointer: str) -> None:
    """Raises Invalid where the field cannot be asked so."""
    allowed = OPERATORS[field.kind]
    if not field.now:
        detail = f"only the history of {field.name} can be asked: WAS, CHANGED."
        raise wrong(pointer, column, detail)
    if operator not in allowed:
        detail = f"{field.name} holds {field.kind.value}: expected {listed(allowed)}."
        raise wrong(pointer, column, detail)


def require_past(name: Name, field: Field, pointer: str) -> None:
    """Raises Invalid where no history is kept."""
    if not field.past:
        kept = listed([each.name for each in FIELDS if each.past], "and")
        detail = f"the history of {name.text} is not kept; it is of {kept}, and of custom fields."
        raise wrong(pointer, name.column, detail)
