"""Turns the typed attributes of XES into values that JSON can hold, without loss."""

import math
import re

from commands.imports.event_log import Value, moment

SIMPLE_TYPES = ("string", "date", "int", "float", "boolean", "id")
COMPOSITE_TYPES = ("list", "container")

Pairs = list[tuple[str, Value]]

_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_WHOLE = re.compile(r"\s*[+-]?0*[0-9]{1,19}\s*", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def simple(type_: str, text: str) -> Value:
    """The value of one attribute element of a simple type.

    Raises ValueError where the text is not of that type.
    """
    match type_:
        case "string":
            return text
        case "date":
            moment(text)
            return {"date": text}
        case "int":
            return _whole(text)
        case "float":
            return _number(text)
        case "boolean":
            try:
                return _BOOLEANS[text.strip().lower()]
            except KeyError:
                raise ValueError(f"{text[:40]!r} is neither true nor false") from None
        case _:
            return {type_: text}


def composite(type_: str, pairs: Pairs) -> Value:
    """The value of a `list` or `container`: its attributes in order, keys as often as they come."""
    return {type_: [[key, value] for key, value in pairs]}


def with_attributes(value: Value, pairs: Pairs) -> Value:
    """A value that has attributes of its own."""
    return {"value": value, "attributes": mapping(pairs)} if pairs else value


def mapping(pairs: Pairs) -> dict[str, Value]:
    """Attributes by key. The standard wants each key once; one that repeats keeps every value."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found.clear()
    repeated: dict[str, list[Value]] = {}
    for key, value in pairs:
        if key in found:
            repeated.setdefault(key, [found[key]]).append(value)
        else:
            found[key] = value
    for key, values in repeated.items():
        found[key] = {"repeated": values}
    return found


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a whole number of 64 bits")
    value = int(text)
    if not _LONG_MIN <= value <= _LONG_MAX:
        raise ValueError(f"{text[:40]!r} is not a whole number of 64 bits")
    return value


def _number(text: str) -> Value:
    try:
        if "_" in text:
            raise ValueError
        value = float(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a number") from None
    if math.isnan(value):
        return {"float": "NaN"}
    if math.isinf(value):
        return {"float": "INF" if value > 0 else "-INF"}
    return value
