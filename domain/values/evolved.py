"""The next state from the last one: a quick `dataclasses.replace`.

Every event of every view goes through here. For a state of 40 fields `dataclasses.replace` takes
20 us where this takes 1: the copy is written out field by field, once for each kind of state, and
does without the dictionaries and the call of `__init__` that lie between.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeVar

from domain.values.stamp import Stamp

T = TypeVar("T")

Put = Callable[[Any, str, Any], None]

_PUT: Final = object.__setattr__


@cache
def copier(kind: Any) -> Callable[[Any], Any]:
    """A function that makes one of this kind, a dataclass with slots, of whatever has its fields:
    another one, or the shape that it was decoded into."""
    put = (
        "put(copy, '{0}', state.{0})"
        if kind.__dataclass_params__.frozen
        else "copy.{0} = state.{0}"
    )
    lines = ["def copied(state):", "copy = new(kind)"]
    lines += [put.format(field.name) for field in fields(kind)]
    lines += ["return copy"]
    known: dict[str, Any] = {"kind": kind, "new": object.__new__, "put": _PUT}
    exec("\n ".join(lines), known)  # noqa: S102 - the names of fields, which are names of Python
    copied: Callable[[Any], Any] = known["copied"]
    return copied


@cache
def _ways(kind: Any) -> tuple[Callable[[Any], Any], Put]:
    """How one of this kind is copied, and how a field of the copy is set: past what refuses it
    where something does, which takes three times as long."""
    return copier(kind), _PUT if kind.__dataclass_params__.frozen else setattr


def evolved(state: T, **changes: Any) -> T:
    """A copy of a dataclass with slots in which the fields named are others. Raises AttributeError
    for a field that it has not."""
    kind: Any = type(state)
    copied, put = _ways(kind)
    copy: T = copied(state)
    for name, value in changes.items():
        put(copy, name, value)
    return copy


def touched(state: T, stamp: Stamp, **changes: Any) -> T:
    """`evolved`, and what every event changes: version, position, and who did it when."""
    kind: Any = type(state)
    copied, put = _ways(kind)
    copy: T = copied(state)
    put(copy, "version", stamp.version)
    put(copy, "position", stamp.position)
    put(copy, "updated_at", stamp.at)
    put(copy, "updated_by", stamp.actor)
    for name, value in changes.items():
        put(copy, name, value)
    return copy
