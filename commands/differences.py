"""What differs between two states of one stream, as people would name it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from domain.aggregate import Versioned
from domain.values.frozen import dataclass

# What every event changes, or what goes with another field, and so tells nobody what differs.
_BOOKKEEPING: Final = frozenset(
    {
        "version",
        "position",
        "updated_at",
        "updated_by",
        "status_category",
        "status_since",
        "completed_at",
        "imported",
        "imported_digest",
        "title_author",
        "text_author",
        "description_author",
        "trashed_with",
        "field_authors",
        "name_author",
        "is_blocked",
        "around",
        "line",
    }
)

# Moments that only tell since when something is so: that it is so is what can differ.
_SINCE_WHEN: Final = frozenset({"trashed_at", "purged_at", "archived_at", "deleted_at"})

# The same of what stands in a mapping, such as a membership: who goes and comes back is in again.
_SINCE_WHEN_INSIDE: Final = frozenset({"joined_at", "created_at", "position", "name_author"})

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a state, or one entry of a field that is a mapping or a set."""

    field: str
    key: Any = None

    def __str__(self) -> str:
        return self.field if self.key is None else f"{self.field}.{self.key}"

    def value(self, state: Versioned | None) -> Any:
        """What stands there; something that equals only itself where nothing does."""
        if state is None:
            return _ABSENT
        held = _value(state, self.field)
        if self.key is None:
            return held
        if isinstance(held, Mapping):
            return _said(held.get(self.key, _ABSENT))
        return self.key in held


def changed_fields(then: Versioned, now: Versioned) -> list[str]:
    """The names of the fields that differ."""
    return list(dict.fromkeys(each.field for each in changes(then, now)))


def changes(then: Versioned, now: Versioned) -> list[Place]:
    """Every place that differs: mappings and sets by entry, everything else as a whole."""
    found = []
    kind: Any = type(now)  # all states are dataclasses
    for each in fields(kind):
        if each.name in _BOOKKEEPING:
            continue
        before, after = _value(then, each.name), _value(now, each.name)
        if before is after or before == after:
            continue
        found += [Place(each.name, key) for key in _entries(before, after)]
    return found


def _value(state: Versioned, field: str) -> Any:
    value = getattr(state, field)
    return value is not None if field in _SINCE_WHEN else value


def _said(entry: Any) -> Any:
    """An entry without since when it is so."""
    if is_dataclass(entry):
        return {
            each.name: _said(getattr(entry, each.name))
            for each in fields(entry)
            if each.name not in _SINCE_WHEN_INSIDE
        }
    if isinstance(entry, Mapping):
        return {key: None if isinstance(held, datetime) else held for key, held in entry.items()}
    return entry


def _entries(before: Any, after: Any) -> list[Any]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = dict.fromkeys([*before, *after])
        return [
            key for key in keys if _said(before.get(key, _ABSENT)) != _said(after.get(key, _ABSENT))
        ]
    if isinstance(before, AbstractSet) and isinstance(after, AbstractSet):
        return sorted(before ^ after, key=str)
    return [None]
