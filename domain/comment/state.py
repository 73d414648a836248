"""A comment as its events leave it."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.comment.events import CommentAdded
from domain.values.evolved import touched
from domain.values.stamp import Stamp
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    comment_id: str
    workspace_id: str
    task_id: str
    project_id: str
    author_id: str
    text: Text
    mentions: tuple[str, ...]
    reply_to: str | None
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int


def evolve(state: Comment | None, event: object, stamp: Stamp) -> Comment | None:
    if state is not None:
        return touched(state, stamp)
    if not isinstance(event, CommentAdded):
        return None
    return Comment(
        comment_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        task_id=event.task_id,
        project_id=event.project_id,
        author_id=stamp.actor,
        text=event.text,
        mentions=event.mentions,
        reply_to=event.reply_to,
        created_at=stamp.at,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


COMMENT = Aggregate("cmt", evolve)
