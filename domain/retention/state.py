"""What keeps a task in the trash: a stream beside the task's, which those do not see who see it."""

from domain.aggregate import Aggregate
from domain.retention.events import TaskPurgeHeld
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(StreamState):
    """`hold_ids`: the legal holds that kept the task when it was last due."""

    task_id: str
    hold_ids: tuple[str, ...] = ()


def retention_of(task_id: str) -> str:
    """The stream of what keeps a task in the trash."""
    return beside("kept", task_id)


def evolve(state: Retention | None, event: object, stamp: Stamp) -> Retention | None:
    if not isinstance(event, TaskPurgeHeld):
        return None if state is None else touched(state, stamp)
    if state is None:
        state = begun(Retention, stamp, task_id=event.task_id)
    return touched(state, stamp, hold_ids=event.hold_ids)


RETENTION = Aggregate("kept", evolve)
