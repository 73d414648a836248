"""Change what a comment says, or whom it mentions."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from commands.comment.mentions import called_in, mentioned_in
from commands.comment.on_comment import OnComment, open_comment, record
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.comment import decisions
from domain.comment.events import CommentEdited
from domain.comment.state import Comment
from domain.project.state import Project
from domain.values.frozen import dataclass
from domain.workspace.roles import Right, project_role
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class EditComment:
    """What is left out stays. Whom the new text calls is found out anew; `mentions` are those
    who are named beside it."""

    comment_id: str
    text: str | UnsetType = UNSET
    mentions: tuple[str, ...] | UnsetType = UNSET


async def edit_comment(command: EditComment, work: Work) -> str:
    comment, task, project = open_comment(work, command.comment_id)
    text = comment.text if command.text is UNSET else command.text
    named: Sequence[str]
    if command.mentions is not UNSET:
        named = command.mentions
    else:
        named = await _named_before(work, comment, project)
    events = decisions.edit(
        task,
        comment,
        text=text,
        mentions=await mentioned_in(work, project, text, named),
        limits=work.limits,
    )
    record(work, comment, events)
    return comment.comment_id


async def _named_before(work: Work, comment: Comment, project: Project) -> list[str]:
    """Those whom it mentions without calling them in its text, and who may still see it."""
    if not comment.mentions:
        return []
    called = await called_in(work, project, comment.text)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    return [
        each
        for each in comment.mentions
        if each not in called and project_role(workspace, project, each) is not None
    ]


EDIT_COMMENT = CommandSpec(
    command=EditComment,
    handler=edit_comment,
    permission=OnComment(Right.COMMENT, own=True),
    events=(CommentEdited,),
    route="PATCH /comments/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.comment_id,
)
