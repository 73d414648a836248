"""What the clock has said of a task: a stream beside the task's, which it does not change."""

from datetime import datetime

from domain.aggregate import Aggregate
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders(StreamState):
    """`neared` and `passed`: the due date of which it was said last."""

    task_id: str
    neared: datetime | None = None
    passed: datetime | None = None


def reminders_of(task_id: str) -> str:
    """The stream of what the clock says of a task."""
    return beside("due", task_id)


def evolve(state: Reminders | None, event: object, stamp: Stamp) -> Reminders | None:
    if not isinstance(event, TaskDueDateNeared | TaskDueDatePassed):
        return None if state is None else touched(state, stamp)
    if state is None:
        state = begun(Reminders, stamp, task_id=event.task_id)
    match event:
        case TaskDueDateNeared():
            return touched(state, stamp, neared=event.due_date)
        case TaskDueDatePassed():
            return touched(state, stamp, passed=event.due_date)


REMINDERS = Aggregate("due", evolve)
