"""What reading one query needs to know: who asks, what time it is there, where it goes wrong."""

from collections.abc import Callable, Sequence
from typing import Final

from api.query.names import Names
from domain.errors import Invalid
from domain.values.frozen import dataclass
from domain.values.priority import BANDS, NAMED_LEVELS, levels_of
from projections.query.errors import suggestion, wrong
from projections.query.moments import Calendar, Span
from projections.query.syntax import Value

_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Asking:
    """`pointer`: the query's place in the request, at which everything wrong with it is said."""

    caller: str
    names: Names
    calendar: Calendar
    pointer: str

    def wrong(self, column: int, detail: str) -> Invalid:
        return wrong(self.pointer, column, detail)

    def span(self, value: Value) -> Span:
        """A moment or a day of the past or of what is kept."""
        return self.calendar.span(value, self.pointer)

    def texts(self, values: Sequence[Value]) -> tuple[str, ...]:
        """Plain words. Raises Invalid for a function."""
        for value in values:
            if value.called:
                raise self.wrong(value.column, f"{value.text}() is no value of this field.")
        return tuple(value.text for value in values)

    def levels(self, value: Value) -> range:
        """The levels of priority that are meant: one, or those of a band."""
        (text,) = self.texts((value,))
        word = text.lower()
        if word in BANDS:
            return levels_of(word)
        level = NAMED_LEVELS.get(word) or (int(word) if word.isdecimal() and len(word) < 3 else 0)
        if not 1 <= level <= 10:
            detail = "expected a level from 1 (highest) to 10, or critical, high, medium or low."
            raise self.wrong(value.column, detail + suggestion(text, BANDS))
        return range(level, level + 1)

    def number(self, value: Value) -> float:
        (text,) = self.texts((value,))
        try:
            found = float(text)
        except ValueError:
            raise self.wrong(value.column, "expected a number.") from None
        if not abs(found) < 1e300:
            raise self.wrong(value.column, "expected a number that is not so large.")
        return found

    def truth(self, value: Value) -> bool:
        (text,) = self.texts((value,))
        if text.lower() not in _TRUTH:
            raise self.wrong(value.column, "expected true or false.")
        return _TRUTH[text.lower()]

    def words(self, value: Value, found: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
        """What a text is searched for. Raises Invalid for no word at all."""
        (text,) = self.texts((value,))
        words = tuple(found(text))
        if not words:
            raise self.wrong(value.column, "expected a word to look for.")
        return words
