"""What feeds say of comments and of the reactions to them."""

from collections.abc import Mapping

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.reactions.events import ReactionAdded, ReactionRemoved

from .entries import Says, says, says_only

ACTIONS = (
    "commented",
    "comment_edited",
    "comment_deleted",
    "comment_restored",
    "reaction_added",
    "reaction_removed",
)

EVENTS: Mapping[type, Says] = {
    CommentAdded: says("commented", "comment", None, "text"),
    CommentEdited: says("comment_edited", "comment", "was", "text"),
    CommentDeleted: says_only("comment_deleted"),
    CommentRestored: says_only("comment_restored"),
    ReactionAdded: says("reaction_added", "reaction", None, "emoji"),
    ReactionRemoved: says("reaction_removed", "reaction", "emoji", None),
}
