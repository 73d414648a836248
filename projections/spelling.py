"""Which words may have been meant by one that is misspelt."""

from collections.abc import Iterable, Sequence
from typing import Final

from rapidfuzz.distance import OSA

_SHORTEST: Final = 4
_LONG: Final = 6
_MOST: Final = 8


def is_like_enough(word: str) -> float | None:
    """How many of their trigrams two words have in common, 0 to 1, before they are worth a closer
    look: two letters changed places leave few of a short word. None: it is too short to say."""
    if len(word) < _SHORTEST or not word.isalpha():
        return None
    return 0.1 if len(word) < _LONG + 1 else 0.2


def alike(word: str, known: Iterable[str]) -> Sequence[str]:
    """Those of the known words that differ by one edit, by two from six letters on: a letter
    left out, put in or changed, or two that changed places. The nearest first, at most eight."""
    most = 1 if len(word) < _LONG else 2
    found = []
    for each in known:
        distance = OSA.distance(word, each, score_cutoff=most)
        if 0 < distance <= most:
            found.append((distance, each))
    return [each for _, each in sorted(found)[:_MOST]]
