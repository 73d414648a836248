"""Comments: what was said about each task, in the order in which it was said.

A row keeps the comment itself, not its answer: the HTML of its Markdown is made by the door.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.comment.events import CommentAdded
from domain.comment.state import Comment, evolve
from domain.values.recorded import Recorded
from domain.values.text import readable

from .people import Named, Person, named, person
from .projection import Projection, Rows, Table


class CommentAnswer(msgspec.Struct, frozen=True):
    """A comment as `GET /comments/{id}` shows it."""

    id: str
    comment_id: str
    task_id: str
    author: Person
    user_id: str
    text: str | None
    html: str | None
    mentions: list[Named]
    reply_to: str | None
    reactions: dict[str, list[Named]]
    is_automated: bool
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


_json = msgspec.json.Encoder()
_comments = msgspec.json.Decoder(list[Comment])


def render_comment(comment: Comment, html: str | None) -> bytes:
    """The comment's answer as JSON, people by id; `html` is its text as HTML, None where the
    text was erased."""
    return _json.encode(
        CommentAnswer(
            comment.comment_id,
            comment.comment_id,
            comment.task_id,
            person(comment.author_id),
            comment.author_id,
            readable(comment.text),
            html,
            [named(each) for each in comment.mentions],
            comment.reply_to,
            {},
            is_automated=False,
            created_at=comment.created_at,
            updated_at=comment.updated_at,
            version=comment.version,
            position=comment.position,
        )
    )


def comments_of(docs: bytes) -> list[Comment]:
    """The comments of a page of this view's rows, joined by commas."""
    return _comments.decode(b"[%b]" % docs)


@dataclass(slots=True)
class CommentRow:
    """`doc` is the comment's state as JSON; `said` the position at which it was made."""

    comment_id: str
    workspace_id: str
    task_id: str
    project_id: str
    said: int
    doc: bytes


COMMENTS = Table(
    "comments",
    CommentRow,
    {
        "comment_id": "text",
        "workspace_id": "text",
        "task_id": "text",
        "project_id": "text",
        "said": "bigint",
        "doc": "bytea",
    },
    key=("comment_id",),
    indexes=("(task_id, said, comment_id)",),
)


def _added(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    comment = evolve(None, recorded.event, stamp)
    assert comment is not None  # a comment begins by being added
    rows.put(
        "comments",
        CommentRow(
            stamp.stream,
            stamp.workspace_id,
            comment.task_id,
            comment.project_id,
            stamp.position,
            _json.encode(comment),
        ),
    )


def _reads(_recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return ()


COMMENTS_VIEW = Projection(
    name="comments",
    version=1,
    tables=(COMMENTS,),
    folds={CommentAdded: _added},
    reads=_reads,
)
