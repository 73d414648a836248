"""What can happen to a comment."""

from dataclasses import dataclass

from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded:
    task_id: str
    project_id: str
    text: Text
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None


CommentEvent = CommentAdded
