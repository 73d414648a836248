"""Splits the key list of an XES classifier into attribute keys."""

import re
from collections.abc import Collection
from typing import Final

_MOST_WORDS: Final = 32  # of a key without apostrophes
_TOKEN = re.compile(r"'((?:[^'\\]|\\.)*)'|(\S+)")


def split_keys(text: str, declared: Collection[str]) -> tuple[str, ...]:
    """The keys that a classifier names, in order.

    Keys are parted by spaces; one that has spaces itself stands in apostrophes. Many writers
    leave these out: then the longest run of words that is a `declared` attribute is one key.
    """
    tokens = [
        (re.sub(r"\\(.)", r"\1", quoted) if quoted else bare, bool(quoted))
        for quoted, bare in _TOKEN.findall(text)
        if quoted or bare
    ]
    most = min(max((name.count(" ") + 1 for name in declared), default=1), _MOST_WORDS)
    keys: list[str] = []
    at = 0
    while at < len(tokens):
        end = _longest(tokens, at, most, declared)
        keys.append(" ".join(word for word, _ in tokens[at:end]))
        at = end
    return tuple(keys)


def _longest(tokens: list[tuple[str, bool]], at: int, most: int, declared: Collection[str]) -> int:
    for end in range(min(at + most, len(tokens)), at + 1, -1):
        is_bare = not any(quoted for _, quoted in tokens[at:end])
        if is_bare and " ".join(word for word, _ in tokens[at:end]) in declared:
            return end
    return at + 1
