"""Custom fields: what a project keeps about its tasks beyond what every task has."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from domain.errors import Invalid, Problem, invalid
from domain.values.ids import is_id
from domain.values.limits import Limits
from domain.values.moment import day_or_moment, written
from domain.values.text_rules import checked_name, lines, one_line, optional_line

FIELD_TYPES: Final = ("text", "number", "date", "choice", "choices", "user", "checkbox", "url")

_WITH_OPTIONS: Final = ("choice", "choices")
_KEY: Final = re.compile(r"\w[\w:. -]{0,99}")
_URL: Final = re.compile(r"https?://[^\s]+")
_MOST_INTEGER: Final = 2**63

FieldValue = str | int | float | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    field_id: str
    key: str
    name: str
    type: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDraft:
    """A field as a request describes it; without `field_id` it is a new one."""

    key: str
    name: str
    type: str
    options: tuple[str, ...] = ()
    field_id: str | None = None


def checked_fields(
    drafts: Sequence[FieldDraft],
    present: tuple[FieldDefinition, ...],
    ids: Iterable[str],
    limits: Limits,
) -> tuple[FieldDefinition, ...]:
    """The definitions that these drafts describe; Invalid with everything wrong in them.

    A field keeps its key and its type for ever, since values stand in the record under them.
    `ids` are fresh ones, as many as there are drafts.
    """
    if len(drafts) > limits.fields:
        raise invalid("/fields", f"Must be at most {limits.fields} fields.", "too-many")
    problems: list[Problem] = []
    by_id = {definition.field_id: definition for definition in present}
    keys: set[str] = set()
    for index, draft in enumerate(drafts):
        at = f"/fields/{index}"
        if draft.key in keys:
            problems.append(Problem(f"{at}/key", "repeated", "Another field has this key."))
        keys.add(draft.key)
        problems.extend(_wrong_identity(draft, by_id, at))
        problems.extend(_wrong_field(draft, at, limits))
    if problems:
        raise Invalid(*problems)
    return tuple(
        FieldDefinition(
            field_id=draft.field_id or fresh,
            key=draft.key,
            name=draft.name,
            type=draft.type,
            options=draft.options,
        )
        for draft, fresh in zip(drafts, ids, strict=True)
    )


def _wrong_identity(
    draft: FieldDraft, unclaimed: dict[str, FieldDefinition], at: str
) -> Iterator[Problem]:
    if draft.field_id is None:
        return
    was = unclaimed.pop(draft.field_id, None)
    if was is None:
        detail = "Must be a field of this project, once; new ones have none."
        yield Problem(f"{at}/field_id", "unknown", detail)
    elif was.key != draft.key:
        yield Problem(f"{at}/key", "fixed", "A field keeps its key; make a new one instead.")
    elif was.type != draft.type:
        yield Problem(f"{at}/type", "fixed", "A field keeps its type; make a new one instead.")


def _wrong_field(draft: FieldDraft, at: str, limits: Limits) -> Iterator[Problem]:
    if _KEY.fullmatch(draft.key) is None:
        detail = "Must be 1 to 100 letters, digits, and inside also . : _ - and spaces."
        yield Problem(f"{at}/key", "invalid", detail)
    try:
        checked_name(draft.name, limits, f"{at}/name")
    except Invalid as wrong:
        yield from wrong.problems
    if draft.type not in FIELD_TYPES:
        yield Problem(f"{at}/type", "unknown", f"Must be one of {', '.join(FIELD_TYPES)}.")
    if draft.type in _WITH_OPTIONS:
        if not 1 <= len(draft.options) <= limits.field_options:
            detail = f"Must be 1 to {limits.field_options} options."
            yield Problem(f"{at}/options", "too-many", detail)
        if len(set(draft.options)) < len(draft.options):
            yield Problem(f"{at}/options", "repeated", "An option stands here twice.")
        for place, option in enumerate(draft.options):
            try:
                one_line(option, f"{at}/options/{place}", limits.name)
            except Invalid as wrong:
                yield from wrong.problems
    elif draft.options:
        detail = "Only fields of the types choice and choices have options."
        yield Problem(f"{at}/options", "invalid", detail)


def checked_value(
    definition: FieldDefinition, value: object, limits: Limits, pointer: str
) -> FieldValue:
    """A value of the field's type in its stored form; None clears. Invalid at `pointer`.

    Whether a user's id names somebody who may see the project is not known here.
    """
    if value is None:
        return None
    fitting = _CHECKS[definition.type](definition, value, limits, pointer)
    if fitting is None:
        raise invalid(pointer, f"Must be {_MEANT[definition.type]}.", "type")
    return fitting


def _text(_: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    return lines(value, pointer, limits.field_text) if isinstance(value, str) else None


def _number(_: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    match value:
        case bool():
            return None
        case int() if abs(value) < _MOST_INTEGER:
            return value
        case float() if isfinite(value):
            return value
        case _:
            return None


def _date(_: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    if not isinstance(value, str):
        return None
    at, whole_day = day_or_moment(value, "UTC", end_of_day=False, pointer=pointer)
    return value if whole_day else written(at)


def _choice(definition: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    return value if isinstance(value, str) and value in definition.options else None


def _choices(
    definition: FieldDefinition, value: object, limits: Limits, pointer: str
) -> FieldValue:
    if not isinstance(value, (list, tuple)):
        return None
    chosen = tuple(dict.fromkeys(each for each in value if isinstance(each, str)))
    fits = len(chosen) == len(value) and all(each in definition.options for each in chosen)
    return chosen if fits else None


def _user(_: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    return value if isinstance(value, str) and is_id(value, "user") else None


def _checkbox(_: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    return value if isinstance(value, bool) else None


def _url(_: FieldDefinition, value: object, limits: Limits, pointer: str) -> FieldValue:
    if not isinstance(value, str) or _URL.fullmatch(value) is None:
        return None
    return optional_line(value, pointer, limits.field_text)


_CHECKS: Final[Mapping[str, Callable[[FieldDefinition, object, Limits, str], FieldValue]]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "choices": _choices,
    "user": _user,
    "checkbox": _checkbox,
    "url": _url,
}

_MEANT: Final = {
    "text": "text",
    "number": "a finite number",
    "date": "a date, YYYY-MM-DD or a date-time with an offset",
    "choice": "one of the field's options",
    "choices": "a list of the field's options, each once",
    "user": "the id of a user",
    "checkbox": "true or false",
    "url": "a web address that begins with http:// or https://",
}
