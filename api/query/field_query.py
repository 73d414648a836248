"""Custom fields in the query of a list: `field.<key>=`, `_gte`, `_lte`, `_empty`, and as an order.

What a value means is said by the field's definition in the projects that the list is of.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from math import isfinite
from typing import Any, Final

from api.http.call import Call
from domain.errors import Invalid, invalid
from domain.project.fields import FieldDefinition, option_named
from domain.values.frozen import dataclass
from domain.values.moment import is_day, moment
from projections.custom_fields import FieldAsked, FieldSort

# `field.size`, `fields[size]`, each perhaps with an operator behind it.
NAMED: Final = re.compile(r"field\..+|fields\[.+\](_gte|_lte|_empty)?", re.DOTALL)

# `field.size` or `fields[size]` as what a list is sorted by.
SORTED: Final = r"field\..{1,100}|fields\[.{1,100}\]"

PARAMETER: Final[Mapping[str, Any]] = {
    "name": "fields",
    "in": "query",
    "style": "deepObject",
    "explode": True,
    "description": (
        "Custom fields of the projects named: `fields[size]=S,L` (also `field.size=S`): one of"
        " these values. Numbers and dates also `fields[points]_gte=` and `_lte=`, inclusive; any"
        " `fields[size]_empty=true`. Goes with `project_id`."
    ),
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}

Definitions = Mapping[str, Sequence[FieldDefinition]]

_OPERATORS: Final = ("_gte", "_lte", "_empty")
_MEASURED: Final = ("number", "date")
_MOST_PROJECTS: Final = 50
_MOST_VALUES: Final = 100
_MOST_CHARACTERS: Final = 10_000
_NUMBER: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)
_TRUTH: Final = {"true": "true", "false": "false"}


@dataclass(frozen=True, slots=True)
class NamedField:
    """A condition on a field taken apart; `operator` is one of _gte, _lte, _empty, or empty."""

    pointer: str
    key: str
    operator: str
    values: Sequence[str]


async def fields_asked(
    call: Call, parameters: Mapping[str, Sequence[str]], project_ids: Sequence[str]
) -> tuple[FieldAsked, ...]:
    """The conditions that these parameters mean. Raises Invalid for each that means none."""
    if not parameters:
        return ()
    definitions = await definitions_of(call, project_ids, f"/query/{next(iter(parameters))}")
    return tuple(
        asked_of(_named(name, values, definitions), definitions, call.caller.user_id)
        for name, values in parameters.items()
    )


async def field_sort(
    call: Call, sorted_by: str | None, project_ids: Sequence[str]
) -> FieldSort | None:
    """What a list is sorted by; None where that is no custom field."""
    if sorted_by is None or not re.fullmatch(SORTED, sorted_by):
        return None
    definitions = await definitions_of(call, project_ids, "/query/sort_by")
    key = _key_of(sorted_by)
    return sort_by_field(key, definitions, "/query/sort_by")


def sort_by_field(key: str, definitions: Definitions, pointer: str) -> FieldSort:
    """Raises Invalid where the projects have no such field."""
    definition = known_field(key, definitions, pointer)
    options = [option for each in definitions[key] for option in each.options]
    return FieldSort(key, definition.type, tuple(dict.fromkeys(options)))


async def definitions_of(call: Call, project_ids: Sequence[str], pointer: str) -> Definitions:
    """The fields of these projects by key, as the log has them now. Raises Invalid for none, or
    too many of them."""
    if not 1 <= len(project_ids) <= _MOST_PROJECTS:
        raise invalid(
            pointer,
            f"Fields belong to projects: name 1 to {_MOST_PROJECTS} in project_id.",
            "required",
        )
    found: dict[str, list[FieldDefinition]] = {}
    for project_id in project_ids:
        place = await call.access.newest_project(call.caller.user_id, project_id)
        for each in () if place is None else place[1].fields:
            found.setdefault(each.key, []).append(each)
    return found


def _named(name: str, values: Sequence[str], definitions: Definitions) -> NamedField:
    """A key that ends like an operator goes before the operator."""
    pointer = f"/query/{name}"
    whole = _key_of(name)
    if whole in definitions:
        return NamedField(pointer, whole, "", values)
    for operator in _OPERATORS:
        if name.endswith(operator):
            return NamedField(pointer, _key_of(name.removesuffix(operator)), operator, values)
    return NamedField(pointer, whole, "", values)


def _key_of(name: str) -> str:
    return name[len("fields[") : -1] if name.startswith("fields[") else name.removeprefix("field.")


def known_field(key: str, definitions: Definitions, pointer: str) -> FieldDefinition:
    """The definition of a field. Raises Invalid for none, and for several types of it."""
    found = definitions.get(key)
    if not found:
        raise invalid(pointer, f"The projects named have no field {key}.", "unknown")
    if len({each.type for each in found}) > 1:
        raise invalid(pointer, f"{key} is of several types there; name one project.", "ambiguous")
    return found[0]


def asked_of(named: NamedField, definitions: Definitions, caller: str) -> FieldAsked:
    """The condition on tasks. Raises Invalid for a value that the field cannot have."""
    definition = known_field(named.key, definitions, named.pointer)
    if len(named.values) > _MOST_VALUES or any(
        len(each) > _MOST_CHARACTERS for each in named.values
    ):
        detail = f"At most {_MOST_VALUES} values of {_MOST_CHARACTERS} characters."
        raise invalid(named.pointer, detail, "too-long")
    kind = definition.type
    if named.operator == "":
        values = (_value(each, definitions[named.key], named, caller) for each in named.values)
        return FieldAsked(key=named.key, type=kind, one_of=tuple(dict.fromkeys(values)))
    if len(named.values) != 1:
        raise invalid(named.pointer, f"{named.operator} takes one value.", "repeated")
    (value,) = named.values
    if named.operator == "_empty":
        if value not in _TRUTH:
            raise _wrong(named, "true or false")
        return FieldAsked(key=named.key, type=kind, empty=value == "true")
    if kind not in _MEASURED:
        detail = f"Only numbers and dates have {named.operator}; this field is a {kind}."
        raise invalid(named.pointer, detail)
    if named.operator == "_gte":
        return FieldAsked(key=named.key, type=kind, least=_bound(value, kind, named))
    return FieldAsked(key=named.key, type=kind, most=_bound(value, kind, named, upper=True))


def _value(
    text: str, definitions: Iterable[FieldDefinition], named: NamedField, caller: str
) -> str:
    first = next(iter(definitions))
    match first.type:
        case "number" | "date":
            return _bound(text, first.type, named)
        case "checkbox":
            if text not in _TRUTH:
                raise _wrong(named, "true or false")
            return text
        case "choice" | "choices":
            options = (option_named(each, text) for each in definitions)
            return next((each for each in options if each is not None), text)
        case "user":
            return caller if text == "me" else text
        case _:
            return text


def _bound(text: str, kind: str, named: NamedField, *, upper: bool = False) -> str:
    if kind == "number":
        if _NUMBER.fullmatch(text) is None or not isfinite(float(text)):
            raise _wrong(named, "a number")
        return str(int(text)) if text.lstrip("-").isdigit() else repr(float(text))
    if is_day(text):
        moment(f"{text}T00:00:00Z", named.pointer, or_day=True)
        return f"{text}T23:59:59" if upper else text
    at = moment(text, named.pointer, or_day=True).astimezone(UTC)
    return at.replace(tzinfo=None, microsecond=0).isoformat()


def _wrong(named: NamedField, meant: str) -> Invalid:
    return invalid(named.pointer, f"Must be {meant}.")
