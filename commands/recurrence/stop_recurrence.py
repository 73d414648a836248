"""Let a task come again no more."""

from commands.permissions import OnTask
from commands.recurrence.set_recurrence import series_of
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task
from commands.work import Work
from domain.errors import not_found
from domain.recurrence import decisions
from domain.recurrence.events import RecurrenceEnded
from domain.recurrence.state import RECURRENCE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecurrence:
    """`task_id` is any task of the series."""

    task_id: str


async def stop_recurrence(command: StopRecurrence, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    series = await series_of(work, task)
    if series is None:
        raise not_found("recurrence")
    events = decisions.end(series, "stopped")
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *events)
    return series.recurrence_id


STOP_RECURRENCE = CommandSpec(
    command=StopRecurrence,
    handler=stop_recurrence,
    permission=OnTask(Right.EDIT_TASKS),
    events=(RecurrenceEnded,),
    route="DELETE /tasks/{id}/recurrence",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
