"""A project's settings: what clients keep about how it is shown, in a few documented keys."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from domain.errors import Invalid, Problem, pointer_token

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


def _one_of(*values: str) -> tuple[Callable[[str], bool], str]:
    return values.__contains__, f"Must be one of {', '.join(values)}."


# Key -> whether a value is one of its kind, and what to say where it is not.
SETTINGS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "colour": (
        lambda value: _COLOUR.fullmatch(value) is not None,
        "Must be # and six hexadecimal digits.",
    ),
    "estimate_unit": _one_of("points", "hours", "days"),
    "week_starts_on": _one_of("monday", "saturday", "sunday"),
}


def checked_settings(
    settings: Mapping[str, object], pointer: str = "/settings"
) -> dict[str, str | None]:
    """The settings, each a known key with a value of its kind, or None."""
    problems = []
    checked: dict[str, str | None] = {}
    for key, value in settings.items():
        where = f"{pointer}/{pointer_token(key)}"
        if key not in SETTINGS:
            detail = f"There is no such setting; those are {', '.join(SETTINGS)}."
            problems.append(Problem(where, "unknown", detail))
            continue
        is_good, remedy = SETTINGS[key]
        if value is None:
            checked[key] = None
        elif isinstance(value, str) and is_good(value):
            checked[key] = value
        else:
            problems.append(Problem(where, "invalid", remedy))
    if problems:
        raise Invalid(*problems)
    return checked
