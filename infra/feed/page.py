"""Prints docs/events.md: every event that the feed of changes tells, from the tables in code."""

import dataclasses
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from domain.values.text import Erased
from infra.event_store.event_types import EVENT_TYPES

from .told import KINDS, NAMES

_BEGINNING: Final = """# Events

What `GET /events` tells, by type. Made by `python -m infra.feed.page`; `make check` refuses a page
that is not up to date. `data` holds the fields of the event; one that ends in `?` may be null. What
stands in *italics* is sealed: where it was erased it is null, and `erased` beside `data` names it.
An id of a task or a project that you may not see is null, and left out of lists. `was` is what
stood there before.

A type is never changed: another shape is the next version (`.v2`), and a stored event of an older
one is told as the newest. More types come; pass over those that you do not know.
"""
_PLAIN: Final[Mapping[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime: "time",
    object: "any",
}


def page() -> str:
    """The whole document."""
    sealed = {each.event: {*each.content, *each.identity} for each in EVENT_TYPES}
    lines = [_BEGINNING]
    for kind, events in KINDS.items():
        lines += [f"## {kind}\n", "| type | data | |", "|---|---|---|"]
        lines += [
            f"| `{NAMES[event]}` | {', '.join(_fields(event, sealed[event])) or '{}'} |"
            f" {_said_of(event)} |"
            for event in events
        ]
        lines.append("")
    return "\n".join(lines)


def _fields(event: type, sealed: set[str]) -> Iterator[str]:
    hints = get_type_hints(event)
    for each in dataclasses.fields(event):
        kind, optional = _kind(hints[each.name])
        name = f"`{each.name}{'?' if optional else ''}`"
        yield f"{name} {f'*{kind}*' if each.name in sealed else kind}"


def _kind(hint: Any) -> tuple[str, bool]:
    """What a field is in JSON, and whether it may be null for another reason than erasure."""
    if get_origin(hint) in (types.UnionType, Union):
        left = [each for each in get_args(hint) if each not in (Erased, types.NoneType)]
        kinds = list(dict.fromkeys(_kind(each)[0] for each in left))
        return " or ".join(kinds), types.NoneType in get_args(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return f"list of {_plural(_kind(arguments[0])[0])}", False
    if origin is not None and issubclass(origin, Mapping):
        return f"object of {_plural(_kind(arguments[1])[0])}", False
    return _PLAIN.get(hint, "object"), False


def _plural(kind: str) -> str:
    plurals = []
    for each in kind.split(" or "):
        first, space, rest = each.partition(" ")
        plurals.append(each if each == "any" else f"{first}s{space}{rest}")
    return " or ".join(plurals)


def _said_of(event: type) -> str:
    own = event.__doc__ or ""
    if own.startswith(f"{event.__name__}("):  # what dataclasses write by themselves
        return ""
    return inspect.cleandoc(own).replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
