"""JSON as it should be: no doubled names, no NaN, no bottomless nesting, no broken text."""

import json
import math
import re
from collections.abc import Callable, Iterable
from types import NoneType
from typing import Any, Final

import orjson

from domain.errors import Invalid, Problem, invalid

MAX_DEPTH: Final = 32

_SAFE: Final = 2**53
_MOST_DIGITS: Final = len(str(-(2**63)))
_TEXT: Final = frozenset({str})
_EXACT: Final = frozenset({str, bool, NoneType})

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
# Only an escape can smuggle in NUL or half a surrogate pair: UTF-8 itself refuses the latter.
_DOUBTFUL: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\x00")


def decode(data: bytes) -> Any:
    """The value of one JSON document in UTF-8. Raises Invalid with a pointer where it knows one."""
    value = _plain(data)
    return _exact(data) if value is None else value


def no_body() -> Invalid:
    """Nothing was sent where something has to be said."""
    return invalid("", "This call needs a body, a JSON object.", "required")


def _plain(data: bytes) -> dict[str, Any] | None:
    """The usual body, an object of texts, as a quick parser has it; None where that might be wrong.

    An object with as many names as there are colons has no name twice, since each takes one.
    """
    if b"\\u" in data:
        return None
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None  # what is wrong with it the exact parser says
    if not isinstance(value, dict) or len(value) != data.count(b":"):
        return None
    for each in value.values():
        if type(each) not in _EXACT and not _is_exact(each):
            return None
    return value


def _is_exact(value: Any) -> bool:
    """Whether no parser could read it in another way: large numbers are rounded, or refused."""
    kind = type(value)
    if kind is list:
        return _TEXT.issuperset(map(type, value))
    return kind is int and -_SAFE < value < _SAFE


def _exact(data: bytes) -> Any:
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        _check_depth(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid("", f"The body is not UTF-8 (byte {error.start}).", "malformed") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise invalid(
            "",
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
            "malformed",
        ) from None
    except ValueError as error:
        detail = f"The body is not acceptable JSON: {error}."
        raise invalid(_where(text), detail, "malformed") from None
    if _DOUBTFUL.search(data):
        _check_text(value, "")
    return value


def pointer(*parts: str | int) -> str:
    """An RFC 6901 pointer to this place."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice: dict[str, None] = {}
        for name, _ in pairs:
            if name in seen:
                twice[name] = None
            seen.add(name)
        raise Invalid(
            *(
                Problem(pointer(name), "duplicate-name", f"The name {name!r} is given twice.")
                for name in twice
            )
        )
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS or not -(2**63) <= int(text) < 2**63:
        raise ValueError(f"the number {text[:40]} is too large")
    return int(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole
)


def _where(text: str) -> str:
    """The pointer of the first number that was refused; the whole where more is wrong with it."""
    try:
        return _path_to_refused(_FINDER.decode(text)) or ""
    except json.JSONDecodeError:
        return ""


def _path_to_refused(value: Any) -> str | None:
    if value is _REFUSED:
        return ""
    inner: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for name, each in inner:
        path = _path_to_refused(each)
        if path is not None:
            return pointer(name) + path
    return None


_REFUSED: Final = object()


def _or_refused(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def tried(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            return _REFUSED

    return tried


_FINDER: Final = json.JSONDecoder(
    parse_constant=_or_refused(_refuse_constant),
    parse_float=_or_refused(_finite),
    parse_int=_or_refused(_whole),
)


def _check_depth(data: bytes) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", data)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > MAX_DEPTH:
            raise invalid("", f"The body is nested deeper than {MAX_DEPTH} levels.", "too-deep")


def _check_text(value: Any, at: str) -> None:
    match value:
        case str():
            if "\x00" in value:
                raise invalid(at, "A text cannot hold the character NUL.", "malformed")
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise invalid(at, "A text cannot hold half a surrogate pair.", "malformed")
        case dict():
            for name, inner in value.items():
                _check_text(name, at)
                _check_text(inner, at + pointer(name))
        case list():
            for index, inner in enumerate(value):
                _check_text(inner, f"{at}/{index}")
