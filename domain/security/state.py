"""Something that was noted once: a stream of one event."""

from domain.aggregate import Aggregate
from domain.security.events import SecurityEvent
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(StreamState):
    note_id: str


def evolve(state: Note | None, event: object, stamp: Stamp) -> Note | None:
    if state is not None:
        return touched(state, stamp)
    if not isinstance(event, SecurityEvent):
        return None
    return begun(Note, stamp, note_id=stamp.stream)


NOTE = Aggregate("note", evolve)
