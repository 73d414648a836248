"""Say something about a task."""

from commands.comment.mentions import mentioned_in
from commands.fresh_ids import fresh_id
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task
from commands.work import Work
from domain.comment import decisions
from domain.comment.events import CommentAdded
from domain.comment.state import COMMENT
from domain.values.frozen import dataclass
from domain.values.ids import is_id
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class AddComment:
    """`comment_id` is a fresh one that the client made. Whoever `@username` or `@user_...` names
    in the text is mentioned too, where they may see the task."""

    task_id: str
    text: str
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None
    comment_id: str | None = None


async def add_comment(command: AddComment, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    comment_id = await fresh_id(
        work, COMMENT, command.comment_id, field="comment_id", what="comment"
    )
    answered = None
    if command.reply_to is not None and is_id(command.reply_to, "cmt"):
        answered = await work.load(COMMENT, command.reply_to)
    events = decisions.add(
        task,
        text=command.text,
        mentions=await mentioned_in(work, project, command.text, command.mentions),
        reply_to=command.reply_to,
        answered=answered,
        limits=work.limits,
    )
    work.record(COMMENT, task.workspace_id, comment_id, *events)
    return comment_id


ADD_COMMENT = CommandSpec(
    command=AddComment,
    handler=add_comment,
    permission=OnTask(Right.COMMENT),
    events=(CommentAdded,),
    route="POST /tasks/{id}/comments",
    inverse=BY_EVENTS,
)
