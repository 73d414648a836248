"""A comment as its events leave it."""

from collections.abc import Mapping
from datetime import datetime

from domain.aggregate import Aggregate, touches_nothing
from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """`project_id` is the task's project when the comment was made: who may see it, the task's
    present one decides. `text_author` is who wrote what stands there now."""

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
    text_author: str
    deleted_by: str | None = None

    @property
    def deleted(self) -> bool:
        return self.deleted_by is not None


def evolve(state: Comment | None, event: object, stamp: Stamp) -> Comment | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case CommentEdited():
            return touched(
                state,
                stamp,
                text=event.text,
                mentions=event.mentions,
                text_author=stamp.author_of("text"),
            )
        case CommentDeleted():
            return touched(state, stamp, deleted_by=stamp.actor)
        case CommentRestored():
            return touched(state, stamp, deleted_by=None)
        case _:
            return touched(state, stamp)


def _begin(event: object, stamp: Stamp) -> Comment | None:
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
        text_author=stamp.author_of("text"),
    )


def authors(state: Comment | None, event: object) -> Mapping[str, str]:
    if state is not None and isinstance(event, CommentEdited):
        repeats = ("was", "text") if event.text == state.text else ("was",)
        return dict.fromkeys(repeats, state.text_author)
    return {}


COMMENT = Aggregate("cmt", evolve, touches_nothing, authors)
