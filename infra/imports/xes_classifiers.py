"""Splits the key list of an XES classifier into attribute keys."""

import re
from collections.abc import Container

_TOKEN = re.compile(r"'((?:[^'\\]|\\.)*)'|(\S+)")


def split_keys(text: str, declared: Container[str]) -> tuple[str, ...]:
    """The keys that a classifier names, in order.

    Keys are parted by spaces; one that has spaces itself stands in apostrophes. Many writers
    leave these out: then the longest run of words that is a `declared` attribute is one key.
    """
    tokens = [
        (re.sub(r"\\(.)", r"\1", quoted) if quoted else bare, bool(quoted))
        for quoted, bare in _TOKEN.findall(text)
        if quoted or bare
    ]
    keys: list[str] = []
    at = 0
    while at < len(tokens):
        end = _longest(tokens, at, declared)
        keys.append(" ".join(word for word, _ in tokens[at:end]))
        at = end
    return tuple(keys)


def _longest(tokens: list[tuple[str, bool]], at: int, declared: Container[str]) -> int:
    end = at + 1
    while end < len(tokens) and not any(quoted for _, quoted in tokens[at : end + 1]):
        end += 1
    while end > at + 1 and " ".join(word for word, _ in tokens[at:end]) not in declared:
        end -= 1
    return end
