"""Pieces of texts with what was looked for in them emphasised, as HTML that is safe to show.

Everything that somebody wrote is escaped; the only markup is `<em>`.
"""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice, takewhile
from typing import Final, NamedTuple

from domain.values.frozen import dataclass

from .search_query import AskedText, AskedWord
from .search_questions import TaskFound
from .search_words import Place, is_single_character, places, stem
from .words import words

_FRAGMENT_CHARACTERS: Final = 160
# Of a long text only so much is looked through.
_MOST_CHARACTERS: Final = 20_000
_MOST_SPANS: Final = 100
_MOST_COMMENTS: Final = 3


class Piece(NamedTuple):
    """A part of a text as HTML; `met`: how many of the asked clauses it meets."""

    met: int
    html: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    clause: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A word that is looked for, in all the forms that a text may have it."""

    exact: frozenset[str]
    stems: frozenset[str]
    beginning: str | None

    @classmethod
    def of(cls, asked: AskedWord) -> "_Wanted":
        exact = frozenset((asked.word, *asked.also))
        return cls(exact, frozenset(map(stem, exact)), asked.word if asked.begins else None)

    def meets(self, word: str) -> bool:
        if word in self.exact or (self.beginning is not None and word.startswith(self.beginning)):
            return True
        return stem(word) in self.stems


_NONE: Final[frozenset[int]] = frozenset()


class _Meeting(dict[str, frozenset[int]]):
    """Which of the wanted each word meets: a word that is in many texts is looked at once, and of
    those that begin otherwise no stem is made, for none has another first letter than its word."""

    def __init__(self, wanted: Sequence[_Wanted]) -> None:
        super().__init__()
        self._wanted = wanted
        self._initials = {form[:1] for each in wanted for form in each.exact}

    def __missing__(self, word: str) -> frozenset[int]:
        met = _NONE
        if word[:1] in self._initials:
            met = frozenset(number for number, each in enumerate(self._wanted) if each.meets(word))
        self[word] = met
        return met


class Highlighter:
    """Of one question."""

    def __init__(self, asked: AskedText) -> None:
        self._wanted: list[_Wanted] = []
        # Of each clause where its words begin and end among all that are wanted.
        self._clauses: list[tuple[int, int]] = []
        for clause in asked.clauses:
            if not clause.negated:
                begins = len(self._wanted)
                self._wanted += map(_Wanted.of, clause.words)
                self._clauses.append((begins, len(self._wanted)))
        self._meeting = _Meeting(self._wanted)

    def of(
        self, score: float, title: str | None, description: str | None, comments: Sequence[str]
    ) -> TaskFound:
        """What is said of one task."""
        in_title = self._piece(title, whole=True)
        in_description = self._piece(description)
        said = [piece for each in reversed(comments) if (piece := self._piece(each))]
        said = said[:_MOST_COMMENTS]
        pieces = [each for each in (in_title, in_description, *said) if each is not None]
        best = max(pieces, key=lambda piece: piece.met, default=None)
        return TaskFound(
            score,
            None if best is None else best.html,
            None if in_title is None else in_title.html,
            None if in_description is None else in_description.html,
            tuple(piece.html for piece in said),
        )

    def _piece(self, text: str | None, *, whole: bool = False) -> Piece | None:
        """The part of a text in which the most is met; None where nothing is."""
        if not text:
            return None
        looked = text[:_MOST_CHARACTERS]
        spans = self._spans(looked)
        if not spans:
            return None
        if whole:
            return Piece(_met(spans), _marked(text, 0, len(text), spans))
        start, end = _window(looked, spans)
        shown = [span for span in spans if start <= span.start and span.end <= end]
        html = _marked(text, start, end, shown)
        before = "…" if start else ""
        after = "…" if end < len(text) else ""
        return Piece(_met(shown), f"{before}{html}{after}")

    def _spans(self, text: str) -> list[_Span]:
        found: list[_Span] = []
        # Most texts have none of it, which costs less to find out than where their words stand.
        if text.isascii() and not any(map(self._meeting.__getitem__, set(words(text)))):
            return found
        there = places(text)
        meeting = [self._meeting[word] for _, _, word in there]
        for at, met in enumerate(meeting):
            if not met:
                continue
            for number, (begins, ends) in enumerate(self._clauses):
                last = at + ends - begins - 1
                if last < len(there) and all(
                    wanted in meeting[at + nth] for nth, wanted in enumerate(range(begins, ends))
                ):
                    end = _end(there[last], self._wanted[ends - 1])
                    found.append(_Span(there[at].start, end, number))
        return sorted(found, key=lambda span: (span.start, span.end))[:_MOST_SPANS]


def _end(place: Place, wanted: _Wanted) -> int:
    """Of a pair of characters only the first was looked for, where that is a single one."""
    alone = any(map(is_single_character, wanted.exact))
    return place.start + 1 if alone else place.end


def _met(spans: Iterable[_Span]) -> int:
    return len({span.clause for span in spans})


def _window(text: str, spans: Sequence[_Span]) -> tuple[int, int]:
    """Where the piece begins and ends that meets the most, the first one of these, not within a
    word where words have ends."""
    near = max((_near(nth, spans) for nth in range(len(spans))), key=_met)
    best, last = near[0], max(span.end for span in near)
    spare = max(0, _FRAGMENT_CHARACTERS - (last - best.start)) // 2
    start = max(0, best.start - spare)
    end = min(len(text), max(last, start + _FRAGMENT_CHARACTERS))
    if start:
        start = max(start, text.find(" ", start, best.start) + 1)
    if end < len(text):
        end = max(last, text.rfind(" ", last, end)) if " " in text[last:end] else end
    return start, end


def _near(nth: int, spans: Sequence[_Span]) -> list[_Span]:
    """This one, and those after it that a piece has room for beside it."""
    first = spans[nth]
    upto = first.start + _FRAGMENT_CHARACTERS
    after = takewhile(lambda span: span.start < upto, islice(spans, nth + 1, None))
    return [first, *(span for span in after if span.end <= upto)]


def _marked(text: str, start: int, end: int, spans: Sequence[_Span]) -> str:
    pieces: list[str] = []
    at = start
    for first, last in _joined(spans):
        pieces += [escape(text[at:first]), "<em>", escape(text[first:last]), "</em>"]
        at = last
    pieces.append(escape(text[at:end]))
    return "".join(pieces)


def _joined(spans: Sequence[_Span]) -> Iterable[tuple[int, int]]:
    """Without overlaps."""
    joined: list[tuple[int, int]] = []
    for span in spans:
        if joined and span.start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], span.end)
        else:
            joined.append((span.start, span.end))
    return joined
