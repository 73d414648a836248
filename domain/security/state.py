"""Something that was noted once: a stream of one event."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.security.events import SecurityEvent
from domain.values.evolved import touched
from domain.values.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    note_id: str
    workspace_id: str
    updated_at: datetime
    updated_by: str
    version: int
    position: int


def evolve(state: Note | None, event: object, stamp: Stamp) -> Note | None:
    if state is not None:
        return touched(state, stamp)
    if not isinstance(event, SecurityEvent):
        return None
    return Note(
        note_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


NOTE = Aggregate("note", evolve)
