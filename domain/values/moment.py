"""Points in time as people give them: a moment with its offset, or a whole day of theirs."""

import re
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import Invalid, invalid

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# RFC 3339, section 5.6, without leap seconds, which no clock here has.
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)

_FIRST_YEAR: Final = 1900

_END_OF_DAY: Final = time(23, 59, 59)


def is_day(text: str) -> bool:
    return _DAY.fullmatch(text) is not None


def moment(text: str, pointer: str, *, or_day: bool = False) -> datetime:
    """An RFC 3339 date-time, in UTC; Invalid where it has no offset or is no time at all. `or_day`:
    whoever asks takes whole days as well, and the refusal says so.

    Digits of a second beyond microseconds are cut off.
    """
    if _MOMENT.fullmatch(text) is None:
        raise _not_a_time(pointer, or_day)
    try:
        parsed = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _not_a_time(pointer, or_day) from None
    return _in_range(parsed, pointer)


def day_or_moment(
    text: str, time_zone: str, *, end_of_day: bool, pointer: str
) -> tuple[datetime, bool]:
    """A date-time, or a `YYYY-MM-DD` of the caller's zone: (UTC, whether it was a whole day).

    A whole day becomes its last second, or its first.
    """
    if not is_day(text):
        return moment(text, pointer, or_day=True), False
    try:
        day = date.fromisoformat(text)
        # In the hour that comes twice, the end of a day is the later one, its start the earlier.
        clock = _END_OF_DAY.replace(fold=1) if end_of_day else time(0)
        local = datetime.combine(day, clock, ZoneInfo(time_zone))
        return _in_range(local.astimezone(UTC), pointer), True
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        raise _not_a_time(pointer, True) from None


def checked_time_zone(name: str, pointer: str = "/time_zone") -> str:
    """A name of the IANA time zone database, such as Europe/Berlin."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise invalid(
            pointer, "Must be a time zone of the IANA database, such as Europe/Berlin or UTC."
        ) from None
    return name


def written(at: datetime) -> str:
    """RFC 3339 in UTC with Z; microseconds at most, and no fraction where it is zero."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _in_range(at: datetime, pointer: str) -> datetime:
    if at.year < _FIRST_YEAR:
        raise invalid(pointer, f"Must not be before the year {_FIRST_YEAR}.")
    return at


def _not_a_time(pointer: str, or_day: bool) -> Invalid:
    form = "Must be a date-time with an offset (RFC 3339, such as 2026-03-01T09:00:00Z)"
    return invalid(pointer, f"{form}{', or a whole day, YYYY-MM-DD' if or_day else ''}.")
