"""The lexemes that a task is found by, as a tsvector has them."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, compress
from struct import Struct
from typing import Final

from .search_texts import SearchTexts
from .search_words import stem, stored_words

# PostgreSQL takes 1 MiB of lexemes for a row, and the longest title and description need no more.
_MOST_BYTES: Final = 1_000_000

# Of PostgreSQL's tsvector: the last position there is, and how many a lexeme may have.
_LAST_POSITION: Final = 16_383
_MOST_POSITIONS: Final = 255

# So that no phrase reaches from one text into the next.
_GAP: Final = 10

TITLE_WEIGHT, TEXT_WEIGHT, COMMENT_WEIGHT, LABEL_WEIGHT = (3 << 14, 2 << 14, 1 << 14, 0)

_MOST_STEMS: Final = 100_000  # of words whose stems are remembered

_COUNT: Final = Struct("!i")
_PLACE_BYTES: Final = 2
_MOST_PLACES: Final = _MOST_POSITIONS * _PLACE_BYTES

# What is made here is bytes in the end. Until then each byte is a character of a text, for which
# joining and looking up are quickest.
_BYTES: Final = "latin-1"

# Between a lexeme and its places: its end, and how many there are, by their length.
_ENDS: Final = {
    number * _PLACE_BYTES: f"\0\0{chr(number)}" for number in range(_MOST_POSITIONS + 1)
}


def terms_of(texts: SearchTexts, workspace_id: str, project_id: str | None) -> bytes:
    """The lexemes of a row with their positions and weights, as PostgreSQL takes a tsvector in
    binary format, in any order: words, their stems (`~`) where these are others, `#tag`, and the
    workspace (`=`) and project (`/`). Of all too many words the first."""
    words, places, placed = _written(texts)
    where = [within_workspace(workspace_id), *map(tag_lexeme, texts.tags)]
    if project_id is not None:
        where.append(within_project(project_id))
    terms = _encoded(words, places, placed, where)
    while len(terms) > _MOST_BYTES:
        words = words[: len(words) // 2]
        terms = _encoded(words, places, placed, where)
    return terms


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
        if len(self) > _MOST_STEMS:
            self.clear()
        found = stem(word)
        self[word] = lexeme = None if found == word else stem_lexeme(found)
        return lexeme


_stem_lexemes = _StemLexemes()


@cache
def _places(weight: int) -> Sequence[str]:
    """Every place of that weight there is, by its position."""
    return [
        (weight | position).to_bytes(_PLACE_BYTES, "big").decode(_BYTES)
        for position in range(_LAST_POSITION + 1)
    ]


def _written(texts: SearchTexts) -> tuple[list[str], list[str], int]:
    """All words of a task, one after the other, with the place of each, and how many have a
    position of their own: those for which there are none left stand at the last one."""
    words: list[str] = []
    places: list[str] = []
    placed, position = 0, 1
    names = (texts.title, texts.key, *texts.former_keys, texts.external_id)
    for weight, written in (
        (TITLE_WEIGHT, names),
        (TEXT_WEIGHT, (texts.description,)),
        (LABEL_WEIGHT, texts.tags),
        (COMMENT_WEIGHT, texts.said),
    ):
        known = _places(weight)
        for text in written:
            found = stored_words(text) if text else ()
            if found:
                words += found
                own = known[position : position + len(found)]
                placed += len(own)
                places += own
                places += [known[-1]] * (len(found) - len(own))
                position += len(found) + _GAP
    return words, places, placed


def _encoded(
    words: Sequence[str], places: Sequence[str], placed: int, where: Sequence[str]
) -> bytes:
    stems = [_stem_lexemes[word] for word in words]
    found = dict.fromkeys(where, "")
    _group(found, words[:placed], places)
    _group(found, filter(None, stems[:placed]), compress(places, stems))
    # What is new beyond is found, but in no phrase. What a task says of itself comes first, so
    # that a lexeme that is met already has the weight that it would have there.
    for lexeme, place in chain(
        zip(words[placed:], places[placed:], strict=False),
        zip(stems[placed:], places[placed:], strict=False),
    ):
        if lexeme is not None:
            found.setdefault(lexeme, place)
    if not all(map(str.isascii, found)):
        found = {lexeme.encode().decode(_BYTES): at for lexeme, at in found.items()}
    written = "".join([f"{lexeme}{_ENDS[len(at)]}{at}" for lexeme, at in found.items()])
    return _COUNT.pack(len(found)) + written.encode(_BYTES)


def _group(found: dict[str, str], lexemes: Iterable[str], places: Iterable[str]) -> None:
    """Each lexeme with the first of its places."""
    for lexeme, place in zip(lexemes, places, strict=False):
        if lexeme not in found:
            found[lexeme] = place
        else:
            at = found[lexeme]
            if len(at) < _MOST_PLACES:
                found[lexeme] = at + place
