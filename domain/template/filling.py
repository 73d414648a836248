"""Variables in a template's texts, and days counted from the one on which it begins."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from dateutil.relativedelta import relativedelta

from domain.errors import invalid
from domain.values.text_rules import Problems

MOST_VARIABLES: Final = 50
MOST_CHARACTERS: Final = 500

_VARIABLE: Final = re.compile(r"\{\{\s*([a-z][a-z0-9_]{0,31})\s*\}\}", re.ASCII)

# ISO 8601, 4.4.3.2, without times of day; `-` before it as in ISO 8601-2.
_DURATION: Final = re.compile(
    r"(-?)P(?=\d)(?:(\d{1,2})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?", re.ASCII
)


def variables_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in `{{name}}`, each once, in their order."""
    return tuple(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with values in the place of variables; each has one."""
    return _VARIABLE.sub(lambda match: values[match[1]], text)


def checked_values(wanted: Iterable[str], given: Mapping[str, str]) -> Mapping[str, str]:
    """The same values; Invalid where one is missing, unknown or too long."""
    names = set(wanted)
    problems = Problems()
    for name in sorted(names - set(given)):
        problems.add(invalid(f"/variables/{name}", "The template asks for a value.", "required"))
    for name, value in given.items():
        at = f"/variables/{name}"
        if name not in names:
            known = ", ".join(sorted(names)) or "none"
            problems.add(invalid(at, f"The template's variables are: {known}.", "unknown"))
        elif len(value) > MOST_CHARACTERS:
            problems.add(invalid(at, f"Must be at most {MOST_CHARACTERS} characters.", "too-long"))
    problems.raise_any()
    return given


def checked_duration(text: str | None, pointer: str) -> str | None:
    """A duration in days or longer, such as P3D, P1M or -P1W."""
    if text is not None and _DURATION.fullmatch(text) is None:
        raise invalid(pointer, "Must be days or longer as in ISO 8601, such as P3D, P1M or -P1W.")
    return text


def day_after(start: date, duration: str | None, pointer: str) -> str | None:
    """The day so long after the start; Invalid where no calendar has it."""
    match = None if duration is None else _DURATION.fullmatch(duration)
    if match is None:
        return None
    years, months, weeks, days = (int(part or 0) for part in match.groups()[1:])
    length = relativedelta(years=years, months=months, weeks=weeks, days=days)
    try:
        return (start - length if match[1] else start + length).isoformat()
    except (ValueError, OverflowError):
        raise invalid(pointer, "Leads to a day that no calendar has.") from None


def duration_between(start: date, day: date) -> str:
    """The duration that leads from one day to the other."""
    days = (day - start).days
    return f"-P{-days}D" if days < 0 else f"P{days}D"
