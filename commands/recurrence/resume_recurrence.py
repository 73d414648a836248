"""Let a series that had ended go on."""

from commands.permissions import OnTask
from commands.recurrence.set_recurrence import series_of
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task
from commands.work import Work
from domain.errors import not_found
from domain.recurrence import decisions
from domain.recurrence.events import RecurrenceResumed
from domain.recurrence.state import RECURRENCE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRecurrence:
    """`task_id` is any task of the series."""

    task_id: str


async def resume_recurrence(command: ResumeRecurrence, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    series = await series_of(work, task)
    if series is None:
        raise not_found("recurrence")
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *decisions.resume(series))
    return series.recurrence_id


RESUME_RECURRENCE = CommandSpec(
    command=ResumeRecurrence,
    handler=resume_recurrence,
    permission=OnTask(Right.EDIT_TASKS),
    events=(RecurrenceResumed,),
    route="POST /tasks/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
