"""Custom fields: what a project keeps about its tasks beyond what every task has."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from math import isfinite
from typing import Final

from domain.errors import Invalid, Problem, invalid, pointer_token
from domain.project.workflow import CATEGORIES, Status, Workflow, status_at, status_named
from domain.values.frozen import dataclass
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
    """`options` are what values are; `option_names` what people read instead, for some of them:
    so an option is renamed without touching a task. `default` is what a new task gets that does
    not say. `required_at`: keys of statuses, or categories, in which a task must have a value."""

    field_id: str
    key: str
    name: str
    type: str
    options: tuple[str, ...] = ()
    option_names: Mapping[str, str] = field(default_factory=dict)
    default: FieldValue = None
    required_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDraft:
    """A field as a request describes it; without `field_id` it is a new one. `required_at` names
    statuses by key or exact name, or categories."""

    key: str
    name: str
    type: str
    options: tuple[str, ...] = ()
    option_names: Mapping[str, str] = field(default_factory=dict)
    default: object = None
    required_at: tuple[str, ...] = ()
    field_id: str | None = None


def draft_of(definition: FieldDefinition) -> FieldDraft:
    """The draft that leaves a field as it is."""
    return FieldDraft(
        field_id=definition.field_id,
        key=definition.key,
        name=definition.name,
        type=definition.type,
        options=definition.options,
        option_names=definition.option_names,
        default=definition.default,
        required_at=definition.required_at,
    )


def checked_fields(
    drafts: Sequence[FieldDraft],
    present: tuple[FieldDefinition, ...],
    ids: Iterable[str],
    limits: Limits,
    workflow: Workflow,
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
    definitions = tuple(
        _defined(draft, draft.field_id or fresh, f"/fields/{index}", workflow, limits, problems)
        for index, (draft, fresh) in enumerate(zip(drafts, ids, strict=True))
    )
    if problems:
        raise Invalid(*problems)
    return definitions


def _defined(
    draft: FieldDraft,
    field_id: str,
    at: str,
    workflow: Workflow,
    limits: Limits,
    problems: list[Problem],
) -> FieldDefinition:
    """A field whose form is right, with what its default and its statuses are."""
    names = {key: name for key, name in draft.option_names.items() if name != key}
    required_at: list[str] = []
    most = limits.statuses + len(CATEGORIES)
    if len(draft.required_at) > most:
        detail = f"Must be at most {most} statuses and categories."
        problems.append(Problem(f"{at}/required_at", "too-many", detail))
    for place, text in enumerate(draft.required_at[:most]):
        standing = _standing(text, workflow)
        if standing is None:
            detail = f"Must be a status of the project or one of {', '.join(CATEGORIES)}."
            problems.append(Problem(f"{at}/required_at/{place}", "unknown", detail))
        elif standing not in required_at:
            required_at.append(standing)
    definition = FieldDefinition(
        field_id=field_id,
        key=draft.key,
        name=draft.name,
        type=draft.type,
        options=draft.options,
        option_names=names,
        required_at=tuple(required_at),
    )
    try:
        default = checked_value(definition, draft.default, limits, f"{at}/default")
    except Invalid as wrong:
        problems.extend(wrong.problems)
        default = None
    return replace(definition, default=None if default in ("", ()) else default)


def _standing(text: str, workflow: Workflow) -> str | None:
    """The key of a status, else a category."""
    status = status_named(workflow, text)
    if status is not None:
        return status.key
    return text if text in CATEGORIES else None


def required_in(
    definitions: Iterable[FieldDefinition], workflow: Workflow, status: Status
) -> tuple[str, ...]:
    """The keys of the fields that must have a value in a status. A category means all its
    statuses, where no status has that key."""
    return tuple(
        definition.key
        for definition in definitions
        if definition.required_at
        and any(
            each == status.key or (each == status.category and status_at(workflow, each) is None)
            for each in definition.required_at
        )
    )


def defaults_of(definitions: Iterable[FieldDefinition]) -> dict[str, FieldValue]:
    """What a new task gets that does not say."""
    return {each.key: each.default for each in definitions if each.default is not None}


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
        yield from _wrong_option_names(draft, at, limits)
    elif draft.options or draft.option_names:
        detail = "Only fields of the types choice and choices have options."
        name = "options" if draft.options else "option_names"
        yield Problem(f"{at}/{name}", "invalid", detail)


def _wrong_option_names(draft: FieldDraft, at: str, limits: Limits) -> Iterator[Problem]:
    """No two options may read alike: values are taken by either."""
    if len(draft.option_names) > len(draft.options):
        detail = "Must be at most one name an option."
        yield Problem(f"{at}/option_names", "too-many", detail)
        return
    shown = {key: draft.option_names.get(key, key) for key in draft.options}
    for key, name in draft.option_names.items():
        pointer = f"{at}/option_names/{pointer_token(key)}"
        if key not in shown:
            yield Problem(pointer, "unknown", "The field has no such option.")
            continue
        if any(name in (other, shown[other]) for other in shown if other != key):
            yield Problem(pointer, "repeated", "Another option is called so.")
        try:
            one_line(name, pointer, limits.name)
        except Invalid as wrong:
            yield from wrong.problems


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
    return option_named(definition, value)


def _choices(
    definition: FieldDefinition, value: object, limits: Limits, pointer: str
) -> FieldValue:
    if not isinstance(value, (list, tuple)):
        return None
    named = (option_named(definition, each) for each in value)
    chosen = tuple(dict.fromkeys(each for each in named if each is not None))
    return chosen if len(chosen) == len(value) else None


def option_named(definition: FieldDefinition, value: object) -> str | None:
    """The option that is meant by itself, or by its exact name; None where there is none."""
    if not isinstance(value, str):
        return None
    if value in definition.options:
        return value
    return next((key for key, name in definition.option_names.items() if name == value), None)


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
