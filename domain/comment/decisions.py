"""What may happen to a comment."""

from domain.comment.events import (
    CommentAdded,
    CommentDeleted,
    CommentEdited,
    CommentEvent,
    CommentRestored,
)
from domain.comment.state import Comment
from domain.errors import Kind, Refused, invalid
from domain.task.decisions import require_not_trashed
from domain.task.state import Task
from domain.values.limits import Limits
from domain.values.text import Text
from domain.values.text_rules import checked_comment


def add(
    task: Task,
    *,
    text: str,
    mentions: tuple[str, ...],
    reply_to: str | None,
    answered: Comment | None,
    limits: Limits,
) -> tuple[CommentEvent, ...]:
    """`mentions` are people who may see the task; `answered` is the comment that `reply_to`
    names, None where there is none."""
    require_not_trashed(task)
    if reply_to is not None and (
        answered is None or answered.deleted or answered.task_id != task.task_id
    ):
        raise invalid("/reply_to", "Must be a comment on this task.", "unknown")
    return (
        CommentAdded(
            task_id=task.task_id,
            project_id=task.project_id,
            text=checked_comment(text, limits),
            mentions=checked_mentions(mentions, limits),
            reply_to=reply_to,
        ),
    )


def edit(
    task: Task, comment: Comment, *, text: Text, mentions: tuple[str, ...], limits: Limits
) -> tuple[CommentEvent, ...]:
    """`text` is the present one where only the mentions change; `mentions` are all of them."""
    require_not_trashed(task)
    if isinstance(text, str) and text != comment.text:
        checked_comment(text, limits)
    checked_mentions(mentions, limits)
    if (text, mentions) == (comment.text, comment.mentions):
        return ()
    return (
        CommentEdited(
            task_id=task.task_id,
            project_id=task.project_id,
            text=text,
            mentions=mentions,
            was=comment.text,
            was_mentions=comment.mentions,
        ),
    )


def delete(task: Task, comment: Comment) -> tuple[CommentEvent, ...]:
    require_not_trashed(task)
    if comment.deleted:
        return ()
    return (CommentDeleted(task_id=task.task_id, project_id=task.project_id),)


def restore(
    task: Task, comment: Comment, *, actor_id: str, is_admin: bool
) -> tuple[CommentEvent, ...]:
    """What an admin took away, its author does not bring back."""
    require_not_trashed(task)
    if not comment.deleted:
        return ()
    if not is_admin and comment.deleted_by != actor_id:
        raise Refused(
            Kind.FORBIDDEN, "Somebody else deleted this comment; ask an admin of the project."
        )
    return (CommentRestored(task_id=task.task_id, project_id=task.project_id),)


def checked_mentions(mentions: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    if len(mentions) > limits.mentions:
        raise invalid("/mentions", f"Must be at most {limits.mentions} people.", "too-many")
    return mentions
