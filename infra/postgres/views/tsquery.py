"""Lexemes as the text of a tsquery, and what a list's `q` asks."""

from collections.abc import Sequence
from typing import Final

from projections.search_words import asked_words, is_single_character
from projections.words import words

# Of titles, keys and descriptions: what a task says of itself, and not what is said of it.
_ITS_OWN: Final = "AB"


def quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def one_of(lexemes: Sequence[str]) -> str:
    return f"({' | '.join(map(quoted, lexemes))})"


def its_words(q: str) -> str:
    """Every word in title, key, external id or description, the last one as a prefix, as is each
    single CJK character; of CJK text each piece that it is stored in, wherever these stand. Empty
    where there is no word."""
    asked = [part for word in words(q) for part in asked_words(word)]
    last = len(asked) - 1
    return " & ".join(
        f"{quoted(word)}:{'*' if n == last or is_single_character(word) else ''}{_ITS_OWN}"
        for n, word in enumerate(asked)
    )
