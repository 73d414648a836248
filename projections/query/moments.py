"""Moments of a query: days, date-times, what is so far from now, and functions of now.

All of them are in the time zone of whoever asks: a day begins there at midnight, a week on Monday,
and two days from now is the same time of the day.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from domain.errors import Invalid
from domain.values.frozen import dataclass
from domain.values.moment import day_or_moment, is_day

from .errors import listed, suggestion, wrong
from .syntax import Value

_RELATIVE: Final = re.compile(r"([+-]?)(\d{1,5})([yMwdhm])", re.ASCII)
_UNITS: Final[Mapping[str, Callable[[int], relativedelta]]] = {
    "y": lambda count: relativedelta(years=count),
    "M": lambda count: relativedelta(months=count),
    "w": lambda count: relativedelta(weeks=count),
    "d": lambda count: relativedelta(days=count),
    "h": lambda count: relativedelta(hours=count),
    "m": lambda count: relativedelta(minutes=count),
}
_ELAPSED: Final = "hm"
_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_PERIODS: Final = {"day": "d", "week": "w", "month": "M", "year": "y"}
_NOW: Final = "now"
_RECORDED: Final = "recorded"
_MOMENT: Final = timedelta(microseconds=1)
_MEANT: Final = (
    "a day (2026-01-31), a quoted date-time with its offset, so far from now (2d, -1w, 3M), or a"
    " function such as now() or endOfMonth()"
)

FUNCTIONS: Final = (
    "now",
    *(f"{end}Of{unit.capitalize()}" for end in ("start", "end") for unit in _PERIODS),
)


@dataclass(frozen=True, slots=True)
class Span:
    """All moments from `first` on that are before `end`; of one moment that it alone. `day` is the
    whole day in which it is. `recorded`: by the log's own clock."""

    first: datetime
    end: datetime
    day: tuple[datetime, datetime]
    recorded: bool = False

    @property
    def equal(self) -> tuple[datetime, datetime]:
        """What `=` means: the day, unless a date-time was written."""
        return (self.first, self.end) if self.end - self.first > _MOMENT else self.day


@dataclass(frozen=True, slots=True)
class Calendar:
    """Now, and where its days begin and end."""

    now: datetime
    time_zone: str

    def span(self, value: Value, pointer: str) -> Span:
        """What a value of the query means. Raises Invalid at `pointer` for what is no time."""
        try:
            return self._called(value, pointer) if value.called else self._written(value, pointer)
        except (OverflowError, ValueError):
            raise wrong(pointer, value.column, "this is too far from now.") from None

    def _written(self, value: Value, pointer: str) -> Span:
        text = value.text
        relative = _RELATIVE.fullmatch(text)
        if relative is not None:
            if relative[3] in _ELAPSED:  # as the clock runs, whatever is done to its hands
                return self._moment(self.now + _distance(relative))
            return self._moment(self._local() + _distance(relative))
        if text.lower() in _DAYS:
            day = self._midnight(self._local() + relativedelta(days=_DAYS[text.lower()]))
            return self._whole(day)
        try:
            at, _ = day_or_moment(text, self.time_zone, end_of_day=False, pointer=pointer)
        except Invalid:
            meant = suggestion(text, (*_DAYS, *FUNCTIONS))
            raise wrong(pointer, value.column, f"expected {_MEANT}.{meant}") from None
        if is_day(text):
            return self._whole(at.astimezone(ZoneInfo(self.time_zone)))
        return Span(at, at + _MOMENT, (at, at + _MOMENT))

    def _called(self, value: Value, pointer: str) -> Span:
        name, argument = value.text.lower(), value.argument
        if name == _RECORDED and argument is not None:
            span = self._written(Value(argument, value.column), pointer)
            return Span(span.first, span.end, span.day, recorded=True)
        known = {each.lower(): each for each in FUNCTIONS}
        if name not in known:
            meant = suggestion(value.text, FUNCTIONS)
            detail = f"there is no function {value.text}; known are {listed(FUNCTIONS, 'and')}."
            raise wrong(pointer, value.column, f"{detail}{meant}", "unknown")
        if name == _NOW:
            if argument is not None:
                raise wrong(pointer, value.column, "now() takes nothing; write 2d or -1w instead.")
            return self._moment(self._local())
        end, _, unit = name.partition("of")
        start = _START[unit](self._midnight(self._local()))
        start += _step(argument, unit, value, pointer)
        if end == "start":
            return self._moment(start)
        following = start + _UNITS[_PERIODS[unit]](1)
        return self._moment(following.astimezone(UTC) - _MOMENT)

    def _local(self) -> datetime:
        return self.now.astimezone(ZoneInfo(self.time_zone))

    def _midnight(self, at: datetime) -> datetime:
        return datetime.combine(at.date(), time(0), ZoneInfo(self.time_zone))

    def _moment(self, at: datetime) -> Span:
        first = at.astimezone(UTC)
        day = self._whole(self._midnight(at.astimezone(ZoneInfo(self.time_zone))))
        return Span(first, first + _MOMENT, (day.first, day.end))

    def _whole(self, midnight: datetime) -> Span:
        first = midnight.astimezone(UTC)
        end = self._midnight(midnight + timedelta(days=1)).astimezone(UTC)
        return Span(first, end, (first, end))


def _distance(relative: re.Match[str]) -> relativedelta:
    sign, count, unit = relative.groups()
    amount = -int(count) if sign == "-" else int(count)
    return _UNITS[unit](amount)


def _step(argument: str | None, unit: str, value: Value, pointer: str) -> relativedelta:
    """startOfWeek(-1) is a week earlier, startOfWeek(2d) two days later."""
    if argument is None:
        return relativedelta()
    written = argument if _RELATIVE.fullmatch(argument) else f"{argument}{_PERIODS[unit]}"
    relative = _RELATIVE.fullmatch(written)
    if relative is None:
        raise wrong(pointer, value.column, f"{value.text} takes a number of {unit}s, or 2d, -1w.")
    return _distance(relative)


_START: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    "day": lambda at: at,
    "week": lambda at: at - timedelta(days=at.weekday()),
    "month": lambda at: at.replace(day=1),
    "year": lambda at: at.replace(month=1, day=1),
}
