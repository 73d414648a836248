"""What may happen to a comment."""

from domain.comment.events import CommentAdded, CommentEvent
from domain.comment.state import Comment
from domain.errors import invalid
from domain.task.decisions import require_not_trashed
from domain.task.state import Task
from domain.values.limits import Limits
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
    if reply_to is not None and (answered is None or answered.task_id != task.task_id):
        raise invalid("/reply_to", "Must be a comment on this task.", "unknown")
    if len(mentions) > limits.mentions:
        raise invalid("/mentions", f"Must be at most {limits.mentions} people.", "too-many")
    return (
        CommentAdded(
            task_id=task.task_id,
            project_id=task.project_id,
            text=checked_comment(text, limits),
            mentions=mentions,
            reply_to=reply_to,
        ),
    )
