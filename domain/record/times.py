"""Moments as the record writes them: RFC 3339, UTC, always with microseconds."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def written(microseconds: int) -> str:
    """A moment given in microseconds since 1970. Raises ValueError for one beyond the calendar."""
    try:
        at = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise ValueError(f"{microseconds} microseconds are not in the calendar") from None
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read(text: str) -> int:
    """In microseconds since 1970. Raises ValueError for any other form than `written` gives."""
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text!r} is no moment of the form 2026-01-31T12:00:00.000000Z")
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
