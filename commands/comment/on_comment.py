"""What commands on one comment have in common: who may, and where it stands."""

from collections.abc import Sequence
from typing import Protocol

from commands.permissions import present_task, require_right, visible_project
from commands.spec import Access
from commands.task.on_task import open_task
from commands.work import Work
from domain.comment.events import CommentEvent
from domain.comment.state import COMMENT, Comment
from domain.errors import Kind, Refused, not_found
from domain.project.state import Project
from domain.task.state import Task
from domain.values.frozen import dataclass
from domain.workspace.roles import Right, project_rights


class OfComment(Protocol):
    @property
    def comment_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class OnComment:
    """The right in the present project of the comment's task. A deleted comment is there only
    for those who may bring it back.

    `own`: only its author, and `instead` the right with which others may too.
    """

    right: Right
    own: bool = False
    instead: Right | None = None
    deleted: bool = False

    def __str__(self) -> str:
        may = f"may {self.right}, in the task's project"
        if not self.own:
            return may
        others = "" if self.instead is None else f"; or may {self.instead}"
        return f"its author who {may}{others}"

    async def check(self, command: OfComment, work: Work) -> Access:
        comment = await work.load(COMMENT, command.comment_id)
        if comment is None or (comment.deleted and not self.deleted):
            raise not_found("comment")
        task = await present_task(work, comment.task_id)
        place = None if task is None else await visible_project(work, task.project_id)
        if place is None:
            raise not_found("comment")
        workspace, project = place
        rights = project_rights(workspace, project, work.actor)
        if self.instead is not None and self.instead in rights:
            return Access(workspace.workspace_id)
        is_own = comment.author_id == work.actor
        if comment.deleted and not is_own:
            raise not_found("comment")
        if self.own and not is_own:
            raise Refused(Kind.FORBIDDEN, "This comment is somebody else's.")
        return require_right(work, workspace, project, self.right)


def open_comment(work: Work, comment_id: str) -> tuple[Comment, Task, Project]:
    """The comment, which the permission has seen, with its task, in a project in which things
    may still happen."""
    comment = work.seen(COMMENT, comment_id)
    return comment, *open_task(work, comment.task_id)


def record(work: Work, comment: Comment, events: Sequence[CommentEvent]) -> None:
    work.record(COMMENT, comment.workspace_id, comment.comment_id, *events)
