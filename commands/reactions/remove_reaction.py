"""Take a reaction back."""

from commands.comment.on_comment import OnComment, open_comment
from commands.inverse import NoInverse
from commands.spec import CommandSpec
from commands.work import Work
from domain.reactions import decisions
from domain.reactions.events import ReactionRemoved
from domain.reactions.state import REACTIONS, reactions_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveReaction:
    """One's own; one that was not given changes nothing."""

    comment_id: str
    emoji: str


async def remove_reaction(command: RemoveReaction, work: Work) -> str:
    comment, task, _ = open_comment(work, command.comment_id)
    stream = reactions_of(comment.comment_id)
    reactions = await work.load(REACTIONS, stream)
    events = decisions.take_back(task, comment, reactions, user_id=work.actor, emoji=command.emoji)
    work.record(REACTIONS, comment.workspace_id, stream, *events)
    return comment.comment_id


REMOVE_REACTION = CommandSpec(
    command=RemoveReaction,
    handler=remove_reaction,
    permission=OnComment(Right.COMMENT),
    events=(ReactionRemoved,),
    route="DELETE /comments/{id}/reactions/{emoji}",
    inverse=NoInverse("a reaction is whose it is; add it or take it back yourself."),
    writes=lambda command: reactions_of(command.comment_id),
)
