"""What can happen to the reactions to a comment. Each event names the comment, its task and, as
it was then, the task's project."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionAdded:
    comment_id: str
    task_id: str
    project_id: str
    user_id: str
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionRemoved:
    comment_id: str
    task_id: str
    project_id: str
    user_id: str
    emoji: str


ReactionEvent = ReactionAdded | ReactionRemoved
