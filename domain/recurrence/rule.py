"""When something comes again: RFC 5545 recurrence rules, walked by the clock on a wall.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from domain.errors import invalid

MOST_CHARACTERS: Final = 500

# What each may have beside INTERVAL, COUNT, UNTIL and WKST, as the RFC allows. Nothing recurs
# more often than daily: hours, minutes and seconds are those of the first occurrence.
_PARTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "DAILY": ("BYMONTH", "BYMONTHDAY", "BYDAY"),
    "WEEKLY": ("BYMONTH", "BYDAY", "BYSETPOS"),
    "MONTHLY": ("BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"),
    "YEARLY": ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYSETPOS"),
}
_COMMON: Final = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST")
_ENDS: Final = ("COUNT", "UNTIL")
_RANGES: Final = {
    "INTERVAL": (1, 99),
    "COUNT": (1, 9_999),
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYSETPOS": (-366, 366),
}
_SINGLE: Final = ("INTERVAL", "COUNT")
_NUMBER: Final = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_DAY: Final = re.compile(r"([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL: Final = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)

_ABOUT_A_DAY: Final = timedelta(days=1)

# The calendar repeats itself, days of the week included. A rule that names no day at all is walked
# to the last year that there is: so it is walked in the last of these spans.
_SPAN_YEARS: Final = 400
_LAST_YEAR: Final = 9999
_LAST_START: Final = 3000


def checked_rule(text: str, pointer: str = "/rule") -> str:
    """A rule in upper case, without `RRULE:` before it; Invalid where it is none that can be
    walked. Whether any day fits it, `next_occurrence` tells."""
    if len(text) > MOST_CHARACTERS:
        raise invalid(pointer, f"Must be at most {MOST_CHARACTERS} characters.", "too-long")
    rule = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name in parts:
            raise invalid(pointer, f"{name} stands here twice.", "repeated")
        parts[name] = value
    allowed = _PARTS_OF.get(parts.get("FREQ", ""))
    if allowed is None:
        raise invalid(pointer, f"FREQ must be one of {', '.join(_PARTS_OF)}.")
    for name, value in parts.items():
        if name not in _COMMON and name not in allowed:
            raise invalid(
                pointer,
                f"A rule of FREQ={parts['FREQ']} may have {', '.join((*_COMMON[1:], *allowed))}.",
            )
        if not _fits(name, value, ordinals=parts["FREQ"] in ("MONTHLY", "YEARLY")):
            raise invalid(pointer, _meant(name))
    if "COUNT" in parts and "UNTIL" in parts:
        raise invalid(pointer, "Give either COUNT or UNTIL.")
    return rule


def next_occurrence(
    rule: str, time_zone: str, first: datetime, after: datetime, *, all_day: bool = False
) -> datetime | None:
    """The first moment strictly after `after` at which a checked rule comes round, in UTC; None
    where it has ended, or names no day in centuries.

    It is counted from `first`, whose time of day in `time_zone` every occurrence has. A time that
    a change of clocks leaves out is read by the offset before it, one that comes twice is the
    first of the two (RFC 5545, 3.3.5), the end of a whole day the later one.
    """
    zone = ZoneInfo(time_zone)
    start = _on_the_wall(first, zone)
    earliest = max(start, _on_the_wall(after, zone) - _ABOUT_A_DAY)
    if earliest.year > _LAST_START:
        return None
    for wall in _walls(_parts(rule), zone, start, earliest):
        at = wall.replace(tzinfo=zone, fold=int(all_day)).astimezone(UTC)
        if at > after:
            return at
    return None


def moved_along(
    at: datetime | None, was: datetime, becomes: datetime, time_zone: str
) -> datetime | None:
    """A moment as far from `becomes` as it was from `was`, by the clock on the wall."""
    if at is None:
        return None
    zone = ZoneInfo(time_zone)
    apart = _on_the_wall(at, zone) - _on_the_wall(was, zone)
    return (_on_the_wall(becomes, zone) + apart).replace(tzinfo=zone).astimezone(UTC)


def _walls(
    parts: dict[str, str], zone: ZoneInfo, start: datetime, earliest: datetime
) -> Iterator[datetime]:
    walked = {name: value for name, value in parts.items() if name not in _ENDS}
    if parts["FREQ"] == "DAILY" and parts.get("INTERVAL", "1") == "1" and "BYMONTHDAY" in parts:
        walked["FREQ"] = "YEARLY"  # the same days, found without a look at every other one
    text = ";".join(f"{name}={value}" for name, value in walked.items())
    years = (_LAST_YEAR - earliest.year) // _SPAN_YEARS * _SPAN_YEARS
    walker = rrulestr(text, dtstart=_shifted(start, years))
    assert isinstance(walker, rrule)  # a set comes of several rules, and this is one
    last = _last(parts["UNTIL"], zone) if "UNTIL" in parts else None
    most = int(parts["COUNT"]) if "COUNT" in parts else None
    for shifted in islice(walker, most):
        wall = _shifted(shifted, -years)
        if last is not None and wall > last:
            return
        if wall >= earliest:
            yield wall


def _shifted(wall: datetime, years: int) -> datetime:
    return wall.replace(year=wall.year + years)


def _parts(rule: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in rule.split(";"))


def _last(until: str, zone: ZoneInfo) -> datetime:
    """By the clock on the wall; a day is meant with all its hours. Raises ValueError."""
    at = datetime.fromisoformat(until)
    if "T" not in until:
        return at.replace(hour=23, minute=59, second=59)
    return at if at.tzinfo is None else _on_the_wall(at, zone)


def _on_the_wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _fits(name: str, value: str, *, ordinals: bool) -> bool:
    match name:
        case "FREQ":
            return True
        case "UNTIL":
            return _UNTIL.fullmatch(value) is not None and _is_time(value)
        case "WKST":
            return len(value) == len("MO") and _DAY.fullmatch(value) is not None
        case "BYDAY":
            days = [_DAY.fullmatch(day) for day in value.split(",")]
            return all(day is not None and (ordinals or day[1] is None) for day in days)
        case _:
            least, most = _RANGES[name]
            numbers = value.split(",")
            return (len(numbers) == 1 or name not in _SINGLE) and all(
                _NUMBER.fullmatch(number) is not None
                and int(number) != 0
                and least <= int(number) <= most
                for number in numbers
            )


def _is_time(until: str) -> bool:
    try:
        _last(until, ZoneInfo("UTC"))
    except (ValueError, OverflowError):
        return False
    return True


def _meant(name: str) -> str:
    match name:
        case "UNTIL":
            return "UNTIL must be a day, YYYYMMDD, or a moment, YYYYMMDDTHHMMSSZ."
        case "WKST":
            return "WKST must be one of MO, TU, WE, TH, FR, SA, SU."
        case "BYDAY":
            return "BYDAY must be days: MO,WE, and by the month or the year also 1MO,-1FR."
        case _:
            least, most = _RANGES[name]
            return f"{name} must be from {least} to {most}, and not 0."
