"""How each event of a comment is taken back."""

from typing import Final

from commands.comment.delete_comment import DeleteComment
from commands.comment.edit_comment import EditComment
from commands.comment.restore_comment import RestoreComment
from commands.inverse import Inverse, Inverses, kept
from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored

COMMENT_INVERSES: Final[Inverses] = {
    CommentAdded: Inverse(DeleteComment, lambda undone: DeleteComment(comment_id=undone.stream)),
    CommentEdited: Inverse(
        EditComment,
        lambda undone: EditComment(
            comment_id=undone.stream,
            text=kept(undone.event.was),
            mentions=undone.event.was_mentions,
        ),
    ),
    CommentDeleted: Inverse(
        RestoreComment, lambda undone: RestoreComment(comment_id=undone.stream)
    ),
    CommentRestored: Inverse(DeleteComment, lambda undone: DeleteComment(comment_id=undone.stream)),
}
