"""Bring a deleted comment back."""

from commands.comment.on_comment import OnComment, open_comment, record
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.comment import decisions
from domain.comment.events import CommentRestored
from domain.values.frozen import dataclass
from domain.workspace.roles import Right, project_rights
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreComment:
    """Its author may where they deleted it themselves, an admin of the project always."""

    comment_id: str


async def restore_comment(command: RestoreComment, work: Work) -> str:
    comment, task, project = open_comment(work, command.comment_id)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    is_admin = Right.MANAGE_PROJECT in project_rights(workspace, project, work.actor)
    events = decisions.restore(task, comment, actor_id=work.actor, is_admin=is_admin)
    record(work, comment, events)
    return comment.comment_id


RESTORE_COMMENT = CommandSpec(
    command=RestoreComment,
    handler=restore_comment,
    permission=OnComment(Right.COMMENT, own=True, instead=Right.MANAGE_PROJECT, deleted=True),
    events=(CommentRestored,),
    route="POST /comments/{id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: command.comment_id,
)
