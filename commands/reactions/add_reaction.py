"""React to a comment."""

from commands.comment.on_comment import OnComment, open_comment
from commands.inverse import NoInverse
from commands.spec import CommandSpec
from commands.work import Work
from domain.reactions import decisions
from domain.reactions.events import ReactionAdded
from domain.reactions.state import REACTIONS, reactions_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReaction:
    """Of one's own; a second time changes nothing."""

    comment_id: str
    emoji: str


async def add_reaction(command: AddReaction, work: Work) -> str:
    comment, task, _ = open_comment(work, command.comment_id)
    stream = reactions_of(comment.comment_id)
    events = decisions.react(
        task,
        comment,
        await work.load(REACTIONS, stream),
        user_id=work.actor,
        emoji=command.emoji,
        limits=work.limits,
    )
    work.record(REACTIONS, comment.workspace_id, stream, *events)
    return comment.comment_id


ADD_REACTION = CommandSpec(
    command=AddReaction,
    handler=add_reaction,
    permission=OnComment(Right.COMMENT),
    events=(ReactionAdded,),
    route="PUT /comments/{id}/reactions/{emoji}",
    inverse=NoInverse("a reaction is whose it is; add it or take it back yourself."),
    writes=lambda command: reactions_of(command.comment_id),
)
