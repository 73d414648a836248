"""What tasks are searched by: the words of their texts, comments, keys and labels, with the texts
that highlights are cut from, and the vocabulary of each workspace.

Only events that change a text, or where a task is found, touch a row; `changed` is the position of
the last of them, so that what follows the view elsewhere finds what it has not seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.task.events import (
    TaskCreated,
    TaskDescribed,
    TaskMovedToProject,
    TaskPurged,
    TaskRetitled,
    TaskTagged,
)
from domain.values.recorded import Recorded
from domain.values.text import readable

from .projection import Projection, Rows, Table, drawn_by
from .search_lexemes import terms_of
from .search_texts import Remark, SearchTexts, encoded, latest, texts_of
from .search_words import stored_words

_SHORTEST_SPELT: Final = 3
_LONGEST_SPELT: Final = 32


@dataclass(slots=True)
class SearchRow:
    """A row without a project is that of a task which the view does not have, since its stream is
    parked (a comment on it made the row), or which was purged. No question finds it."""

    task_id: str
    workspace_id: str
    project_id: str | None = None
    changed: int = 0
    state: bytes | None = None
    author_ids: tuple[str, ...] = ()
    terms: bytes | None = None
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
    stamp, texts = recorded.stamp, SearchTexts()
    actor = stamp.actor
    row = SearchRow(stamp.stream, stamp.workspace_id, event.project_id, stamp.position, texts=texts)
    rows.add("docs", row)
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


def _purged(recorded: Recorded, rows: Rows) -> None:
    """Its row stays, so that what follows the view elsewhere finds that nothing is left in it."""
    row, _ = _row(recorded, recorded.stamp.stream, rows)
    row.project_id, row.texts = None, SearchTexts()


def _commented(recorded: Recorded, rows: Rows) -> None:
    event: CommentAdded = recorded.event
    row, texts = _row(recorded, event.task_id, rows)
    remark = Remark(recorded.stamp.stream, recorded.stamp.actor, readable(event.text))
    texts.comments = latest([*texts.comments, remark])
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
                texts.comments = latest(texts.comments)
                _learn(rows, row, remark.text)
            case CommentDeleted():
                remark.deleted = True
            case CommentRestored():
                remark.deleted = False
        return


def _row(recorded: Recorded, task_id: str, rows: Rows) -> tuple[SearchRow, SearchTexts]:
    row: SearchRow = rows.get("docs", task_id) or SearchRow(task_id, recorded.stamp.workspace_id)
    if row.texts is None:
        row.texts = SearchTexts() if row.state is None else texts_of(row.state)
    row.changed = recorded.position
    rows.put("docs", row)
    return row, row.texts


def _learn(rows: Rows, row: SearchRow, *texts: str | None) -> None:
    """Words into the vocabulary: those that can be misspelt."""
    words = set[str]().union(*map(stored_words, filter(None, texts)))
    for word in rows.unseen("words", row.workspace_id, words):
        if _SHORTEST_SPELT <= len(word) <= _LONGEST_SPELT and word.isalpha():
            rows.put("words", WordRow(row.workspace_id, word))


def _finish(row: SearchRow) -> None:
    if row.texts is None:
        return
    row.state = encoded(row.texts)
    row.author_ids = row.texts.author_ids
    row.terms = terms_of(row.texts, row.workspace_id, row.project_id)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = recorded.event
    if isinstance(event, TaskCreated):
        return (("docs",),)
    if isinstance(event, CommentAdded | CommentEdited | CommentDeleted | CommentRestored):
        return (("docs", event.task_id),)
    return (("docs", recorded.stamp.stream),)


SEARCH_VIEW = Projection(
    name="search",
    version=3,
    tables=(DOCS, WORDS),
    folds={
        TaskCreated: _created,
        TaskRetitled: _retitled,
        TaskDescribed: _described,
        TaskTagged: _tagged,
        TaskMovedToProject: _moved,
        TaskPurged: _purged,
        CommentAdded: _commented,
        CommentEdited: _comment_changed,
        CommentDeleted: _comment_changed,
        CommentRestored: _comment_changed,
    },
    reads=_reads,
    finish={"docs": _finish},
    unread={
        TaskCreated: frozenset({"fields"}),
        TaskRetitled: frozenset({"was"}),
        CommentEdited: frozenset({"was"}),
    },
    by_workspace=True,
)
