"""Say something about a task."""

import re
from asyncio import gather
from dataclasses import dataclass
from typing import Final

from commands.people import require_in_project
from commands.permissions import OnTask
from commands.spec import CommandSpec, NoInverse
from commands.task.on_task import open_task
from commands.work import Work
from domain.comment import decisions
from domain.comment.events import CommentAdded
from domain.comment.state import COMMENT
from domain.errors import Kind, Refused
from domain.project.state import Project
from domain.values.ids import checked_id, is_id
from domain.values.text_rules import normal_username
from domain.workspace.roles import Right, project_role
from domain.workspace.state import WORKSPACE

# A word after an @ that does not stand inside another word, such as an e-mail address.
_MENTION: Final = re.compile(r"(?<![\w@.])@([A-Za-z0-9_][A-Za-z0-9_.-]{2,39})")

# Names are looked up one by one; a text that has more of them than this mentions only the first.
_LOOKED_UP: Final = 20


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
    comment_id = await _fresh_id(command, work)
    named = tuple(dict.fromkeys(command.mentions))
    require_in_project(work, project, ((each, f"/mentions/{at}") for at, each in enumerate(named)))
    answered = None
    if command.reply_to is not None and is_id(command.reply_to, "cmt"):
        answered = await work.load(COMMENT, command.reply_to)
    mentioned = tuple(dict.fromkeys((*named, *await _in_text(command.text, work, project))))
    events = decisions.add(
        task,
        text=command.text,
        mentions=mentioned[: max(len(named), work.limits.mentions)],
        reply_to=command.reply_to,
        answered=answered,
        limits=work.limits,
    )
    work.record(COMMENT, task.workspace_id, comment_id, *events)
    return comment_id


async def _fresh_id(command: AddComment, work: Work) -> str:
    if command.comment_id is None:
        return work.new_id("cmt")
    comment_id = checked_id(command.comment_id, "cmt", "/comment_id")
    if await work.load(COMMENT, comment_id) is not None:
        raise Refused(Kind.ALREADY_EXISTS, "There is a comment with this id.", field="comment_id")
    return comment_id


async def _in_text(text: str, work: Work, project: Project) -> list[str]:
    if "@" not in text:
        return []
    words = list(dict.fromkeys(match.rstrip(".-") for match in _MENTION.findall(text)))
    people = await gather(*(_person(word, work) for word in words[:_LOOKED_UP]))
    workspace = work.seen(WORKSPACE, project.workspace_id)
    return [
        user_id
        for user_id in people
        if user_id is not None and project_role(workspace, project, user_id) is not None
    ]


async def _person(word: str, work: Work) -> str | None:
    if is_id(word, "user"):
        return word
    return await work.claimed_by("username", normal_username(word))


ADD_COMMENT = CommandSpec(
    command=AddComment,
    handler=add_comment,
    permission=OnTask(Right.COMMENT),
    events=(CommentAdded,),
    route="POST /tasks/{id}/comments",
    inverse=NoInverse("what was said may have been read and answered."),
)
