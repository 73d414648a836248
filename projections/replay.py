"""Interim states of anything as plain values, and what one event changed of them."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from domain.values.frozen import dataclass
from domain.values.moment import written
from domain.values.text import Erased

# What every event changes: it stands beside the difference.
_OF_EVERY_EVENT: Final = frozenset({"version", "position", "updated_at", "updated_by"})
# What follows from other fields of the same state.
_INDEXES: Final = frozenset({"around", "line"})
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Plain:
    """A state as JSON shows it. `erased` are the places of texts that were made unreadable for
    ever: there `values` has None."""

    values: Mapping[str, Any]
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A field, or one entry of a field that holds entries by name; what is not there is None."""

    field: str
    old_value: Any
    new_value: Any


def plain(state: Any) -> Plain:
    """Any aggregate's state."""
    erased: list[str] = []
    values = {
        each.name: _value(getattr(state, each.name), each.name, erased)
        for each in fields(state)
        if each.name not in _INDEXES
    }
    key = getattr(state, "key", None)
    if key is not None:
        values["key"] = key
    return Plain(values, tuple(erased))


def differences(before: Plain | None, after: Plain | None) -> tuple[Difference, ...]:
    """What differs, but for what every event changes. Before its first event a stream has nothing,
    and what it then has not got is no difference."""
    old: Mapping[str, Any] = {} if before is None else before.values
    new: Mapping[str, Any] = {} if after is None else after.values
    names = [name for name in dict.fromkeys([*old, *new]) if name not in _OF_EVERY_EVENT]
    return tuple(each for name in names for each in _between(name, old.get(name), new.get(name)))


def _between(name: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new or (not old and not new and (old is None or new is None)):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            if old.get(key, _ABSENT) != new.get(key, _ABSENT):
                yield Difference(f"{name}.{key}", old.get(key), new.get(key))
        return
    yield Difference(name, old, new)


def _value(value: Any, place: str, erased: list[str]) -> Any:
    match value:
        case Erased():
            erased.append(place)
            return None
        case datetime():
            return written(value)
        case Mapping():
            return {str(key): _value(each, f"{place}.{key}", erased) for key, each in value.items()}
        case AbstractSet():
            return sorted(value)
        case list() | tuple():
            return [_value(each, f"{place}.{at}", erased) for at, each in enumerate(value)]
        case _ if is_dataclass(value):
            return {
                each.name: _value(getattr(value, each.name), f"{place}.{each.name}", erased)
                for each in fields(value)
            }
        case _:
            return value
