"""What may happen to the reactions to a comment."""

from domain.comment.state import Comment
from domain.errors import invalid
from domain.reactions.emoji import checked_emoji, same_emoji
from domain.reactions.events import ReactionAdded, ReactionEvent, ReactionRemoved
from domain.reactions.state import Reactions
from domain.task.decisions import require_not_trashed
from domain.task.state import Task
from domain.values.limits import Limits


def react(
    task: Task,
    comment: Comment,
    reactions: Reactions | None,
    *,
    user_id: str,
    emoji: str,
    limits: Limits,
) -> tuple[ReactionEvent, ...]:
    """Once with each emoji; of two forms of one, the first that was given stands for both."""
    require_not_trashed(task)
    wanted = checked_emoji(emoji)
    standing = _standing(reactions, wanted)
    given = {} if reactions is None else reactions.given
    if standing is None and len(given) >= limits.reactions:
        raise invalid("/emoji", f"A comment has at most {limits.reactions} kinds.", "too-many")
    if standing is not None and user_id in given[standing]:
        return ()
    return (
        ReactionAdded(
            comment_id=comment.comment_id,
            task_id=task.task_id,
            project_id=task.project_id,
            user_id=user_id,
            emoji=standing or wanted,
        ),
    )


def take_back(
    task: Task, comment: Comment, reactions: Reactions | None, *, user_id: str, emoji: str
) -> tuple[ReactionEvent, ...]:
    """A reaction that was not given changes nothing."""
    require_not_trashed(task)
    standing = _standing(reactions, checked_emoji(emoji))
    if reactions is None or standing is None or user_id not in reactions.given[standing]:
        return ()
    return (
        ReactionRemoved(
            comment_id=comment.comment_id,
            task_id=task.task_id,
            project_id=task.project_id,
            user_id=user_id,
            emoji=standing,
        ),
    )


def _standing(reactions: Reactions | None, emoji: str) -> str | None:
    """The form in which an emoji stands under the comment already."""
    given = () if reactions is None else reactions.given
    return next((each for each in given if same_emoji(each) == same_emoji(emoji)), None)
