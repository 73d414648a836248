"""The lexemes that a task is found by, as a tsvector has them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count, repeat
from typing import Final

from .search_texts import SearchTexts
from .search_words import stem, stored_words

# PostgreSQL takes 1 MiB of lexemes for a row. As many words at once as cannot be more than a
# quarter of that, with 64 characters and a stem each.
_MOST_LEXEME_BYTES: Final = 700_000
_WORDS_AT_ONCE: Final = 500

# Of PostgreSQL's tsvector: the last position there is, and how many a lexeme may have.
_LAST_POSITION: Final = 16_383
_MOST_POSITIONS: Final = 255

# So that no phrase reaches from one text into the next.
_GAP: Final = 10

TITLE_WEIGHT, TEXT_WEIGHT, COMMENT_WEIGHT, LABEL_WEIGHT = (3 << 14, 2 << 14, 1 << 14, 0)

_MOST_STEMS: Final = 100_000  # of words whose stems are remembered

Terms = Mapping[str, Sequence[int]]


def terms_of(texts: SearchTexts, workspace_id: str, project_id: str | None) -> Terms:
    """The lexemes of a row with their positions and weights, as a tsvector has them: words, their
    stems (`~`) where these are others, `#tag`, and the workspace (`=`) and project (`/`)."""
    found = _Lexemes()
    keys = [texts.key, *texts.former_keys, texts.external_id or ""]
    found.add(texts.title or "", TITLE_WEIGHT)
    for key in keys:
        found.add(key, TITLE_WEIGHT)
    for tag in texts.tags:
        found.add(tag, LABEL_WEIGHT)
    found.add(texts.description or "", TEXT_WEIGHT)
    for said in texts.said:
        found.add(said, COMMENT_WEIGHT)
    places = [within_workspace(workspace_id), *(tag_lexeme(each) for each in texts.tags)]
    if project_id is not None:
        places.append(within_project(project_id))
    return {**found.by_lexeme, **dict.fromkeys(places, ())}


def within_workspace(workspace_id: str) -> str:
    """The lexeme that all tasks of a workspace have."""
    return f"={workspace_id}"


def within_project(project_id: str) -> str:
    """The lexeme that all tasks of a project have."""
    return f"/{project_id}"


def tag_lexeme(tag: str) -> str:
    """The lexeme that all tasks with a tag have."""
    return f"#{tag}"


def stem_lexeme(stem: str) -> str:
    """The lexeme of all words that have this stem and are not the stem itself."""
    return f"~{stem}"


class _StemLexemes(dict[str, str | None]):
    """The lexeme of each word's stem; None where the word is its own stem."""

    def __missing__(self, word: str) -> str | None:
        found = stem(word)
        self[word] = lexeme = None if found == word else stem_lexeme(found)
        return lexeme


_stem_lexemes = _StemLexemes()


class _Lexemes:
    def __init__(self) -> None:
        self.by_lexeme: dict[str, list[int]] = {}
        self._position = 0
        self._bytes = 0

    def add(self, text: str, weight: int) -> None:
        words = stored_words(text)
        if not words:
            return
        for start in range(0, len(words), _WORDS_AT_ONCE):
            if self._bytes > _MOST_LEXEME_BYTES:
                break
            self._add(words[start : start + _WORDS_AT_ONCE], weight, self._position + start + 1)
        self._position += len(words) + _GAP

    def _add(self, words: Sequence[str], weight: int, first: int) -> None:
        found, new, known = self.by_lexeme, [], _stem_lexemes
        if len(known) > _MOST_STEMS:
            known.clear()
        positions: Iterator[int] = count(weight + first)
        most = _MOST_POSITIONS
        if first + len(words) > _LAST_POSITION:  # what is new is found, but in no phrase
            positions, most = repeat(weight + _LAST_POSITION), 0
        for word, position in zip(words, positions, strict=False):
            places = found.get(word)
            if places is None:
                found[word] = [position]
                new.append(word)
            elif len(places) < most:
                places.append(position)
            lexeme = known[word]
            if lexeme is not None:
                places = found.get(lexeme)
                if places is None:
                    found[lexeme] = [position]
                    new.append(lexeme)
                elif len(places) < most:
                    places.append(position)
        self._bytes += 4 * sum(map(len, new)) + 2 * len(new) + 4 * len(words)
