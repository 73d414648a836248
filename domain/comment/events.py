"""What can happen to a comment. Each event names the task and, as it was then, its project."""

from domain.values.frozen import dataclass
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded:
    task_id: str
    project_id: str
    text: Text
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEdited:
    """The whole text and everybody mentioned, with what stood there before."""

    task_id: str
    project_id: str
    text: Text
    mentions: tuple[str, ...]
    was: Text
    was_mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentDeleted:
    task_id: str
    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRestored:
    task_id: str
    project_id: str


CommentEvent = CommentAdded | CommentEdited | CommentDeleted | CommentRestored
