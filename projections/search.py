"""What tasks are searched by: the words of their texts, comments, keys and labels, with the texts
that highlights are cut from, and the vocabulary of each workspace.

Only events that change a text, or where a task is found, touch a row; `changed` is the position of
the last of them, so that what follows the view elsewhere finds what it has not seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import msgpack

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.task.events import (
    TaskCreated,
    TaskDescribed,
    TaskMovedToProject,
    TaskRetitled,
    TaskTagged,
)
from domain.values.recorded import Recorded
from domain.values.text import readable

from .projection import Projection, Rows, Table, drawn_by
from .search_words import stem, stored_words

# What a task is found by is bounded: of its comments the latest, and of all its words the first.
MOST_COMMENTS: Final = 200
MOST_COMMENT_CHARACTERS: Final = 100_000
_MOST_LEXEME_BYTES: Final = 700_000
# A word of 64 characters, and its stem.
_MOST_WORD_BYTES: Final = 2 * (64 * 4 + 6)

# Of PostgreSQL's tsvector: the last position there is, and how many a lexeme may have.
_LAST_POSITION: Final = 16_383
_MOST_POSITIONS: Final = 255
# So that no phrase reaches from one text into the next.
_GAP: Final = 10

TITLE_WEIGHT, TEXT_WEIGHT, COMMENT_WEIGHT, LABEL_WEIGHT = (3 << 14, 2 << 14, 1 << 14, 0)

# Of words whose stems are remembered.
_MOST_STEMS: Final = 100_000

_SHORTEST_SPELT: Final = 3
_LONGEST_SPELT: Final = 32

Terms = Mapping[str, Sequence[int]]


class Remark(msgspec.Struct, array_like=True, gc=False):
    """A comment; `text` is None where it was erased."""

    comment_id: str
    author_id: str
    text: str | None
    deleted: bool = False


class SearchTexts(msgspec.Struct, array_like=True):
    """What a task is found by, as it was written; None where it was erased. `comments`: the
    oldest first."""

    key: str = ""
    former_keys: list[str] = []
    external_id: str | None = None
    title: str | None = None
    title_author: str | None = None
    description: str | None = None
    description_author: str | None = None
    tags: list[str] = []
    comments: list[Remark] = []

    @property
    def said(self) -> list[str]:
        """The comments that are there to be read."""
        return [each.text for each in self.comments if each.text and not each.deleted]

    @property
    def author_ids(self) -> tuple[str, ...]:
        """Everybody who wrote one of the texts."""
        authors = [self.title_author, self.description_author]
        authors += [each.author_id for each in self.comments]
        return tuple(dict.fromkeys(each for each in authors if each is not None))


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(SearchTexts).decode


def texts_of(state: bytes) -> SearchTexts:
    """What a row keeps."""
    return _decode(state)


@dataclass(slots=True)
class SearchRow:
    """A row without a project waits for its task: something was said about it (a comment) that
    came to the view before it. No question finds it."""

    task_id: str
    workspace_id: str
    project_id: str | None = None
    changed: int = 0
    state: bytes | None = None
    author_ids: tuple[str, ...] = ()
    terms: Terms | None = None
    texts: SearchTexts | None = None


@dataclass(slots=True)
class WordRow:
    """A word that somebody wrote in a workspace once; what is misspelt is looked up here."""

    workspace_id: str
    word: str


DOCS = Table(
    "docs",
    SearchRow,
    {
        "task_id": "text",
        "workspace_id": "text",
        "project_id": "text",
        "changed": "bigint",
        "state": "bytea",
        "author_ids": "text[]",
        "terms": "tsvector",
    },
    key=("task_id",),
    indexes=("USING gin (terms)", "(workspace_id, changed)", "(changed)"),
    computed=("author_ids", "terms"),
)
WORDS = Table(
    "words",
    WordRow,
    {"workspace_id": "text", "word": "text"},
    key=("workspace_id", "word"),
    indexes=("USING gin (workspace_id, word public.gin_trgm_ops)",),
    only_grows=True,
)


def _created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    row, texts = _row(recorded, recorded.stamp.stream, rows)
    actor = recorded.stamp.actor
    row.project_id = event.project_id
    texts.key = f"{event.project_key}-{drawn_by(recorded)}"
    texts.external_id = readable(event.external_id)
    texts.title, texts.title_author = readable(event.title), actor
    texts.description, texts.description_author = readable(event.description), actor
    texts.tags = [*event.tags]
    _learn(rows, row, texts.title, texts.description, *texts.tags)


def _retitled(recorded: Recorded, rows: Rows) -> None:
    row, texts = _row(recorded, recorded.stamp.stream, rows)
    texts.title, texts.title_author = readable(recorded.event.title), recorded.stamp.actor
    _learn(rows, row, texts.title)


def _described(recorded: Recorded, rows: Rows) -> None:
    row, texts = _row(recorded, recorded.stamp.stream, rows)
    texts.description = readable(recorded.event.description)
    texts.description_author = recorded.stamp.actor
    _learn(rows, row, texts.description)


def _tagged(recorded: Recorded, rows: Rows) -> None:
    row, texts = _row(recorded, recorded.stamp.stream, rows)
    texts.tags = [*recorded.event.tags]
    _learn(rows, row, *texts.tags)


def _moved(recorded: Recorded, rows: Rows) -> None:
    event: TaskMovedToProject = recorded.event
    row, texts = _row(recorded, recorded.stamp.stream, rows)
    row.project_id = event.project_id
    texts.former_keys = [*texts.former_keys, f"{event.was_project_key}-{event.was_number}"]
    texts.key = f"{event.project_key}-{drawn_by(recorded)}"


def _commented(recorded: Recorded, rows: Rows) -> None:
    event: CommentAdded = recorded.event
    row, texts = _row(recorded, event.task_id, rows)
    remark = Remark(recorded.stamp.stream, recorded.stamp.actor, readable(event.text))
    texts.comments = _latest([*texts.comments, remark])
    _learn(rows, row, remark.text)


def _comment_changed(recorded: Recorded, rows: Rows) -> None:
    event: CommentEdited | CommentDeleted | CommentRestored = recorded.event
    row, texts = _row(recorded, event.task_id, rows)
    for remark in texts.comments:
        if remark.comment_id != recorded.stamp.stream:
            continue
        match event:
            case CommentEdited():
                remark.text = readable(event.text)
                texts.comments = _latest(texts.comments)
                _learn(rows, row, remark.text)
            case CommentDeleted():
                remark.deleted = True
            case CommentRestored():
                remark.deleted = False
        return


def _row(recorded: Recorded, task_id: str, rows: Rows) -> tuple[SearchRow, SearchTexts]:
    row: SearchRow = rows.get("docs", task_id) or SearchRow(task_id, recorded.stamp.workspace_id)
    if row.texts is None:
        row.texts = SearchTexts() if row.state is None else _decode(row.state)
    row.changed = recorded.position
    rows.put("docs", row)
    return row, row.texts


def _latest(comments: list[Remark]) -> list[Remark]:
    """Without the oldest ones where there are too many, or too long ones."""
    size = sum(len(each.text or "") for each in comments)
    first = max(0, len(comments) - MOST_COMMENTS)
    size -= sum(len(each.text or "") for each in comments[:first])
    while size > MOST_COMMENT_CHARACTERS:
        size -= len(comments[first].text or "")
        first += 1
    return comments[first:]


def _learn(rows: Rows, row: SearchRow, *texts: str | None) -> None:
    """Words into the vocabulary: those that can be misspelt."""
    workspace_id, has = row.workspace_id, rows.has
    for word in set[str]().union(*(stored_words(text) for text in texts if text)):
        if (
            _SHORTEST_SPELT <= len(word) <= _LONGEST_SPELT
            and word.isalpha()
            and not has("words", workspace_id, word)
        ):
            rows.put("words", WordRow(workspace_id, word))


def _finish(row: SearchRow) -> None:
    if row.texts is None:
        return
    row.state = _encode(row.texts)
    row.author_ids = row.texts.author_ids
    row.terms = terms_of(row.texts, row.workspace_id, row.project_id)


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
        after = self._position + len(words)
        fits = self._bytes + len(words) * _MOST_WORD_BYTES <= _MOST_LEXEME_BYTES
        if fits and after <= _LAST_POSITION:
            self._add_all(words, weight)
        else:
            self._add_what_fits(words, weight)
        self._position = after + _GAP

    def _add_all(self, words: Sequence[str], weight: int) -> None:
        """As `_add_what_fits`, in half the time: most texts are far from any bound."""
        found, new, known = self.by_lexeme, [], _stem_lexemes
        if len(known) > _MOST_STEMS:
            known.clear()
        for place, word in enumerate(words, weight + self._position + 1):
            places = found.get(word)
            if places is None:
                found[word] = [place]
                new.append(word)
            elif len(places) < _MOST_POSITIONS:
                places.append(place)
            lexeme = known[word]
            if lexeme is not None:
                places = found.get(lexeme)
                if places is None:
                    found[lexeme] = [place]
                    new.append(lexeme)
                elif len(places) < _MOST_POSITIONS:
                    places.append(place)
        self._bytes += 4 * sum(map(len, new)) + 2 * len(new) + 4 * len(words)

    def _add_what_fits(self, words: Sequence[str], weight: int) -> None:
        found, position = self.by_lexeme, self._position
        for word in words:
            if self._bytes > _MOST_LEXEME_BYTES:
                return
            position += 1
            self._put(found, word, weight, position)
            lexeme = _stem_lexemes[word]
            if lexeme is not None:
                self._put(found, lexeme, weight, position)

    def _put(self, found: dict[str, list[int]], lexeme: str, weight: int, position: int) -> None:
        places = found.get(lexeme)
        if places is None:
            found[lexeme] = [weight | min(position, _LAST_POSITION)]
            self._bytes += 4 * len(lexeme) + 4
        elif position <= _LAST_POSITION and len(places) < _MOST_POSITIONS:
            places.append(weight | position)
            self._bytes += 2


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = recorded.event
    if isinstance(event, CommentAdded | CommentEdited | CommentDeleted | CommentRestored):
        return (("docs", event.task_id),)
    return (("docs", recorded.stamp.stream),)


SEARCH_VIEW = Projection(
    name="search",
    version=1,
    tables=(DOCS, WORDS),
    folds={
        TaskCreated: _created,
        TaskRetitled: _retitled,
        TaskDescribed: _described,
        TaskTagged: _tagged,
        TaskMovedToProject: _moved,
        CommentAdded: _commented,
        CommentEdited: _comment_changed,
        CommentDeleted: _comment_changed,
        CommentRestored: _comment_changed,
    },
    reads=_reads,
    finish={"docs": _finish},
)
