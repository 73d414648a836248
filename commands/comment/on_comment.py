"""What commands on one comment have in common."""

from collections.abc import Sequence

from commands.task.on_task import open_task
from commands.work import Work
from domain.comment.events import CommentEvent
from domain.comment.state import COMMENT, Comment
from domain.project.state import Project
from domain.task.state import Task


def open_comment(work: Work, comment_id: str) -> tuple[Comment, Task, Project]:
    """The comment, which the permission has seen, with its task, in a project in which things
    may still happen."""
    comment = work.seen(COMMENT, comment_id)
    return comment, *open_task(work, comment.task_id)


def record(work: Work, comment: Comment, events: Sequence[CommentEvent]) -> None:
    work.record(COMMENT, comment.workspace_id, comment.comment_id, *events)
