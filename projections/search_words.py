"""Words as the search knows them: of whatever language, CJK text in pairs, English by its stems.

Text that is written without spaces between words (Chinese, Japanese, Korean) is taken apart into
overlapping pairs of characters, which finds any piece of it without knowing the language. Every
other word stands for itself and for its English stem; a stem that no word is leads nowhere, so
that other languages lose nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import Stemmer

from .words import folded, words

_CJK: Final = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u30ff\u3100-\u318f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\uff66-\uffdc\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(rf"(?P<cjk>[{_CJK}]+)|[^\W_{_CJK}]+")
_PLAIN: Final = re.compile("[a-z0-9]+")
_MOST_CHARACTERS: Final = 64

_english: Final = Stemmer.Stemmer("english", 100_000)

# Words that say nothing about what a question means, where anything else does.
STOP_WORDS: Final = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    }
)


def stored_words(text: str) -> Sequence[str]:
    """The words of a text in their order. The last character of CJK text stands by itself too:
    whoever looks for a single character looks for what begins with it."""
    if text.isascii():
        return words(text)
    found: list[str] = []
    for run in _RUN.finditer(folded(text)):
        if run["cjk"] is None:
            found.append(run[0][:_MOST_CHARACTERS])
        else:
            found += _pairs(run[0])
            found.append(run[0][-1])
    return found


def asked_words(text: str) -> Sequence[str]:
    """The words of a question, each of which a text must have, one after the other."""
    if text.isascii():
        return words(text)
    found: list[str] = []
    for run in _RUN.finditer(folded(text)):
        if run["cjk"] is None:
            found.append(run[0][:_MOST_CHARACTERS])
        else:
            found += _pairs(run[0]) or [run[0]]
    return found


def is_single_character(word: str) -> bool:
    """Whether a word of a question is a single CJK character, met by all that begins with it."""
    return len(word) == 1 and re.match(f"[{_CJK}]", word) is not None


def stems(of: Sequence[str]) -> Sequence[str]:
    """The English stem of each word."""
    found: list[str] = _english.stemWords(of)
    return found


def stem(word: str) -> str:
    found: str = _english.stemWord(word)
    return found


class Place(NamedTuple):
    """Where in a text stands which word; words that overlap are pairs of CJK characters."""

    start: int
    end: int
    word: str


def places(text: str) -> Sequence[Place]:
    """The words of a text as it is written, with where they stand, in the order of
    `stored_words`."""
    if text.isascii():
        found = _PLAIN.finditer(text.lower())
        return [Place(run.start(), run.end(), run[0][:_MOST_CHARACTERS]) for run in found]
    return [*_places(text)]


def _places(text: str) -> Iterator[Place]:
    for run in _RUN.finditer(text):
        start, end = run.span()
        if run["cjk"] is None:
            for word in words(run[0]):
                yield Place(start, end, word)
        else:
            for at in range(start, end):
                upto = min(at + 2, end)
                yield Place(at, upto, folded(text[at:upto]))


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
