"""What the log knows about an event beside the event itself."""

from collections.abc import Mapping
from datetime import datetime

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who did it, when, and where in the log it stands.

    `position` is 0 and `recorded_at` is the caller's clock while a decision is folded
    before its commit; the log's own values take their place afterwards.
    `number` is what a gapless sequence gave this event (a task's number), else None.
    `author` wrote its free text, and `authors` single fields of it, where the actor did not.
    """

    workspace_id: str
    stream: str
    version: int
    actor: str
    recorded_at: datetime
    position: int = 0
    occurred_at: datetime | None = None
    number: int | None = None
    author: str | None = None
    authors: Mapping[str, str] | None = None

    @property
    def at(self) -> datetime:
        """When it happened in the world: an import's own time, else the log's clock."""
        return self.occurred_at or self.recorded_at

    def author_of(self, field: str) -> str:
        """Whose words a field of the event is."""
        written_by = None if self.authors is None else self.authors.get(field)
        return written_by or self.author or self.actor
