"""From what the validation library found to the problems that an answer lists."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from api.http.strict_json import pointer
from domain.errors import Invalid, Problem

_CODES: Final[Mapping[str, str]] = {
    "missing": "required",
    "extra_forbidden": "unknown",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "too_long": "too-long",
    "too_short": "too-short",
    "greater_than_equal": "out-of-range",
    "less_than_equal": "out-of-range",
    "greater_than": "out-of-range",
    "less_than": "out-of-range",
    "literal_error": "not-one-of",
    "enum": "not-one-of",
}
_MOST: Final = 50


def problems_of(error: ValidationError, prefix: str = "") -> Invalid:
    """At most 50 problems; `prefix` is the pointer of what was validated."""
    found: dict[tuple[str, str], Problem] = {}
    for each in error.errors(include_url=False, include_context=True, include_input=False)[:_MOST]:
        problem = _problem(each, prefix)
        found.setdefault((problem.pointer, problem.code), problem)
    return Invalid(*found.values())


def _problem(each: Mapping[str, Any], prefix: str) -> Problem:
    at = prefix + pointer(*each["loc"])
    kind = each["type"]
    if kind == "extra_forbidden":
        return Problem(at, "unknown", f"There is no field or parameter {each['loc'][-1]!r} here.")
    if kind == "value_error":
        return Problem(at, "invalid", str(each["ctx"]["error"]))
    return Problem(at, _CODES.get(kind, "invalid"), f"{each['msg']}.")
