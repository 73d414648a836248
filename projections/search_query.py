"""What somebody looks for, taken apart: words, "phrases", beginnings* and -what should not be."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from domain.errors import invalid
from domain.values.frozen import dataclass

from .search_words import STOP_WORDS, asked_words, is_single_character

_PIECE: Final = re.compile(r'(?P<not>-?)"(?P<phrase>[^"]*)"|(?P<bare>\S+)')
_SHORTEST_BEGINNING: Final = 2


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word that a text must have; `begins`: or one that begins with it. `also`: words that are
    taken for it as well, where it may be misspelt."""

    word: str
    begins: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that stand one directly after the other in a text, or nowhere in it (`negated`).
    `tags`: tags of labels that are called so, with one of which a task meets it as well."""

    words: tuple[AskedWord, ...]
    negated: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedText:
    """All of the clauses hold of what is looked for. Without any, nothing is found."""

    clauses: tuple[Clause, ...]

    @property
    def words(self) -> Iterable[str]:
        """Those that something is looked for by."""
        return (each.word for clause in self.clauses if not clause.negated for each in clause.words)

    def also(self, spelt: Callable[[str], Sequence[str]]) -> "AskedText":
        """The same, where `spelt` gives words that are taken for one as well."""
        return AskedText(
            tuple(
                clause
                if clause.negated
                else replace(
                    clause,
                    words=tuple(
                        replace(each, also=tuple(spelt(each.word))) for each in clause.words
                    ),
                )
                for clause in self.clauses
            )
        )


def asked_text(q: str, most_words: int, pointer: str = "/query/q") -> AskedText:
    """A question as its clauses: words may stand anywhere, those of a phrase, and of anything
    that holds together (`WEB-42`), side by side; the last word is met by what begins with it.

    Raises Invalid at `pointer` for more than `most_words` words.
    """
    clauses: list[Clause] = []
    last_bare: int | None = None
    for piece in _PIECE.finditer(q):
        bare = piece["bare"]
        if bare is None:
            found = asked_words(piece["phrase"])
            if found:
                clauses.append(Clause(_plain(found), negated=bool(piece["not"])))
            last_bare = None
            continue
        negated = len(bare) > 1 and bare[0] == "-" and bare[1] != "-"
        found = asked_words(bare)
        if not found:
            continue
        clause = Clause(_plain(found), negated)
        if bare.endswith("*"):
            clause = _beginning(clause)
        last_bare = None if negated else len(clauses)
        clauses.append(clause)
    if last_bare == len(clauses) - 1 and last_bare is not None:
        clauses[-1] = _beginning(clauses[-1])
    asked = sum(len(clause.words) for clause in clauses)
    if asked > most_words:
        detail = f"At most {most_words} words can be looked for at once; leave some out."
        raise invalid(pointer, detail, "too-many")
    return AskedText(_telling(clauses))


def _plain(found: Iterable[str]) -> tuple[AskedWord, ...]:
    return tuple(AskedWord(word, is_single_character(word)) for word in found)


def _beginning(clause: Clause) -> Clause:
    *first, last = clause.words
    if len(last.word) < _SHORTEST_BEGINNING:
        return clause
    return replace(clause, words=(*first, replace(last, begins=True)))


def _telling(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Without words that are everywhere, unless nothing else is looked for."""
    kept = [clause for clause in clauses if clause.negated or not _says_nothing(clause)]
    asks = any(not clause.negated for clause in kept)
    return tuple(kept if asks else clauses)


def _says_nothing(clause: Clause) -> bool:
    return len(clause.words) == 1 and clause.words[0].word in STOP_WORDS
