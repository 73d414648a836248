"""Comments: what was said about each task, in the order in which it was said.

The HTML of a comment is made here, once, and not by every reader: it takes up to 20 ms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.comment.state import Comment, evolve
from domain.reactions.events import ReactionAdded, ReactionRemoved
from domain.reactions.state import given_after
from domain.task.events import TaskPurged
from domain.values.recorded import Recorded
from domain.values.text import readable

from .markdown import as_html
from .people import Named, Person, named, person
from .projection import Projection, Rows, Scan, Table
from .states import StateCodec

Given = Mapping[str, tuple[str, ...]]

_SHOWN_PEOPLE = 100


class Reaction(msgspec.Struct, frozen=True):
    """All reactions with one emoji: how many, and the first 100 people."""

    emoji: str
    count: int
    users: list[Named]


class CommentAnswer(msgspec.Struct, frozen=True):
    """A comment as `GET /comments/{id}` shows it. `text` is its Markdown, `html` the same, safe
    to show; both are null where the text was erased."""

    id: str
    comment_id: str
    task_id: str
    author: Person
    user_id: str
    text: str | None
    html: str | None
    mentions: list[Named]
    reply_to: str | None
    reactions: list[Reaction]
    is_automated: bool
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


_json = msgspec.json.Encoder()
_states = StateCodec(Comment)
_given = StateCodec(dict[str, tuple[str, ...]])


def render_comment(comment: Comment, given: Given, position: int) -> bytes:
    """The comment's answer as JSON, people by id; `given` are the reactions to it, `position` is
    what it shows. The one function that makes it, for the view, for a command's answer and for a
    fresh read alike."""
    text = readable(comment.text)
    return _json.encode(
        CommentAnswer(
            comment.comment_id,
            comment.comment_id,
            comment.task_id,
            person(comment.author_id),
            comment.author_id,
            text,
            None if text is None else as_html(text),
            [named(each) for each in comment.mentions],
            comment.reply_to,
            [
                Reaction(emoji, len(people), [named(each) for each in people[:_SHOWN_PEOPLE]])
                for emoji, people in given.items()
            ],
            is_automated=False,
            created_at=comment.created_at,
            updated_at=comment.updated_at,
            version=comment.version,
            position=position,
        )
    )


@dataclass(slots=True)
class CommentRow:
    """`said` is the position at which it was made, `seen` that of the last event about it. A row
    without a state is that of a comment which the view does not have, since its stream is parked: a
    reaction made the row. It has no task, so that no question finds it."""

    comment_id: str
    workspace_id: str
    task_id: str | None = None
    said: int = 0
    seen: int = 0
    deleted: bool = False
    given: bytes = b"\x80"
    state: bytes | None = None
    author_id: str | None = None
    mentions: tuple[str, ...] = ()
    doc: bytes | None = None
    comment: Comment | None = None


COMMENTS = Table(
    "comments",
    CommentRow,
    {
        "comment_id": "text",
        "workspace_id": "text",
        "task_id": "text",
        "said": "bigint",
        "seen": "bigint",
        "deleted": "boolean",
        "given": "bytea",
        "state": "bytea",
        "author_id": "text",
        "mentions": "text[]",
        "doc": "bytea",
    },
    key=("comment_id",),
    indexes=("(task_id, said, comment_id)",),
    computed=("author_id", "mentions", "doc"),
)


def _added(recorded: Recorded, rows: Rows) -> None:
    event, stamp = recorded.event, recorded.stamp
    row = CommentRow(
        stamp.stream, stamp.workspace_id, event.task_id, said=stamp.position, seen=stamp.position
    )
    row.comment = evolve(None, event, stamp)
    rows.add("comments", row)


def _changed(recorded: Recorded, rows: Rows) -> None:
    row = _row(recorded, rows, recorded.stamp.stream)
    row.comment = evolve(_comment_of(row), recorded.event, recorded.stamp)
    row.deleted = row.comment is not None and row.comment.deleted
    rows.put("comments", row)


def _reacted(recorded: Recorded, rows: Rows) -> None:
    row = _row(recorded, rows, recorded.event.comment_id)
    row.given = _given.encode({**given_after(_given.decode(row.given), recorded.event)})
    rows.put("comments", row)


def _task_purged(recorded: Recorded, rows: Rows) -> None:
    for row in rows.scan("comments", "task_id", recorded.stamp.stream):
        rows.delete("comments", row.comment_id)


def _of_task(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("comments", "task_id", recorded.stamp.stream),)


def _row(recorded: Recorded, rows: Rows, comment_id: str) -> CommentRow:
    row: CommentRow = rows.get("comments", comment_id) or CommentRow(
        comment_id, recorded.stamp.workspace_id
    )
    row.seen = recorded.position
    return row


def _comment_of(row: CommentRow) -> Comment | None:
    if row.comment is None and row.state is not None:
        row.comment = _states.decode(row.state)
    return row.comment


def _finish(row: CommentRow) -> None:
    comment = _comment_of(row)
    if comment is not None:
        row.state = _states.encode(comment)
        row.author_id = comment.author_id
        row.mentions = comment.mentions
        row.doc = render_comment(comment, _given.decode(row.given), row.seen)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = recorded.event
    if isinstance(event, ReactionAdded | ReactionRemoved):
        return (("comments", event.comment_id),)
    if isinstance(event, CommentAdded):
        return (("comments",),)
    if isinstance(event, TaskPurged):
        return ()
    return (("comments", recorded.stamp.stream),)


COMMENTS_VIEW = Projection(
    name="comments",
    version=3,
    tables=(COMMENTS,),
    folds={
        CommentAdded: _added,
        CommentEdited: _changed,
        CommentDeleted: _changed,
        CommentRestored: _changed,
        ReactionAdded: _reacted,
        ReactionRemoved: _reacted,
        TaskPurged: _task_purged,
    },
    reads=_reads,
    scans={TaskPurged: _of_task},
    finish={"comments": _finish},
)
