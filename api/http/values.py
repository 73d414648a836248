"""Kinds of values in requests: moments and days as RFC 3339 writes them, priorities, ids."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, WithJsonSchema

_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6})\d*)?([Zz]|[+-]\d{2}:\d{2})"
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def moment(value: Any) -> datetime:
    """An RFC 3339 date-time in UTC. Raises ValueError; one without an offset is refused."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a date-time is RFC 3339 with an offset, such as 2026-01-31T17:00:00Z")
    day, time, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset
    text = f"{day}T{time}.{(fraction or '0').ljust(6, '0')}{offset}"
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such moment") from None


def day_or_moment(value: Any) -> date | datetime:
    """A whole day, or a moment. Raises ValueError."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("there is no such day") from None
    return moment(value)


Moment = Annotated[
    datetime,
    PlainValidator(moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
DayOrMoment = Annotated[
    date | datetime,
    PlainValidator(day_or_moment),
    WithJsonSchema(
        {
            "description": "A moment, or a whole day in your time zone.",
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
            ],
        }
    ),
]
Reference = Annotated[str, Field(min_length=1, max_length=200)]
