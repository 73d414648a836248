"""Take a comment away."""

from commands.comment.on_comment import OnComment, open_comment, record
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.comment import decisions
from domain.comment.events import CommentDeleted
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteComment:
    """Answers to it stay. It can be restored."""

    comment_id: str


async def delete_comment(command: DeleteComment, work: Work) -> str:
    comment, task, _ = open_comment(work, command.comment_id)
    record(work, comment, decisions.delete(task, comment))
    return comment.comment_id


DELETE_COMMENT = CommandSpec(
    command=DeleteComment,
    handler=delete_comment,
    permission=OnComment(Right.COMMENT, own=True, instead=Right.MANAGE_PROJECT, deleted=True),
    events=(CommentDeleted,),
    route="DELETE /comments/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.comment_id,
)
