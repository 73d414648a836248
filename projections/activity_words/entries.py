"""What an entry of a feed looks like, and the ways of saying that most events share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.values.text import Erased
from projections.other_tasks import TaskMarks
from projections.people import Named, NameMark, name_of, named

_MOST_CHARACTERS = 5_000


class Change(msgspec.Struct, frozen=True, gc=False):
    field: str
    old_value: Any
    new_value: Any


class Member(msgspec.Struct, frozen=True):
    """Who became, was or no longer is a member, and as what."""

    user_id: str
    name: NameMark
    role: str


class ImportedRecord(msgspec.Struct, frozen=True):
    """What an imported record said beside its status, in short."""

    source: str
    ordinal: int
    activity: str | None
    lifecycle: str | None
    resource: Named | None
    attributes: Mapping[str, Any] | None


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An entry as feeds show it; what does not apply is left out."""

    id: str
    activity_id: str
    task_id: str | None
    entity_type: str
    entity_id: str
    actor: Named
    action: str
    changes: Change | msgspec.UnsetType = msgspec.UNSET
    record: ImportedRecord | msgspec.UnsetType = msgspec.UNSET
    because_of: TaskMarks | msgspec.UnsetType = msgspec.UNSET
    command_id: str
    reason: str | msgspec.UnsetType = msgspec.UNSET
    caused_by: str | msgspec.UnsetType = msgspec.UNSET
    timestamp: datetime
    occurred_at: datetime | msgspec.UnsetType = msgspec.UNSET
    position: int


class Said(NamedTuple):
    """One entry before it is written: the action, and the field with its values."""

    action: str
    changes: Change | msgspec.UnsetType = msgspec.UNSET
    record: ImportedRecord | msgspec.UnsetType = msgspec.UNSET
    because_of: TaskMarks | msgspec.UnsetType = msgspec.UNSET


Says = Callable[[Any], Sequence[Said]]


def says(action: str, field: str, old: str | None, new: str | None) -> Says:
    """One entry whose values are attributes of the event; None stands for no value."""

    def say(event: Any) -> Sequence[Said]:
        before = getattr(event, old) if old else None
        after = getattr(event, new) if new else None
        return (Said(action, Change(field, value_of(before), value_of(after))),)

    return say


def says_only(action: str) -> Says:
    said = (Said(action),)
    return lambda event: said


def value_of(value: Any) -> Any:
    """As an entry shows it: long texts cut, erased ones null."""
    if isinstance(value, str):
        return value if len(value) <= _MOST_CHARACTERS else value[:_MOST_CHARACTERS] + "…"
    return None if isinstance(value, Erased) else value


def member(user_id: str, role: str) -> Member:
    return Member(user_id, name_of(user_id), role)


def member_added(action: str) -> Says:
    return lambda event: (Said(action, Change("member", None, member(event.user_id, event.role))),)


def member_changed(action: str) -> Says:
    def say(event: Any) -> Sequence[Said]:
        before, after = (member(event.user_id, role) for role in (event.was, event.role))
        return (Said(action, Change("member", before, after)),)

    return say


def member_removed(action: str) -> Says:
    return lambda event: (Said(action, Change("member", member(event.user_id, event.was), None)),)


def owner_changed(action: str) -> Says:
    return lambda event: (Said(action, Change("owner", named(event.was), named(event.owner_id))),)
