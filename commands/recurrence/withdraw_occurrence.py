"""Take the last task out of its series: the one before it is the last again."""

from datetime import datetime

from commands.inverse import NoInverse
from commands.permissions import OnTask
from commands.recurrence.set_recurrence import series_of
from commands.spec import CommandSpec
from commands.task.on_task import open_task
from commands.work import Work
from domain.errors import not_found
from domain.recurrence import decisions
from domain.recurrence.events import OccurrenceWithdrawn
from domain.recurrence.state import RECURRENCE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawOccurrence:
    """`task_id` is the one before it, due at `due_at`; `withdrawn` the last one."""

    task_id: str
    due_at: datetime
    withdrawn: str


async def withdraw_occurrence(command: WithdrawOccurrence, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    series = await series_of(work, task)
    if series is None:
        raise not_found("recurrence")
    events = decisions.withdraw(series, task.task_id, command.due_at, command.withdrawn)
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *events)
    return series.recurrence_id


WITHDRAW_OCCURRENCE = CommandSpec(
    command=WithdrawOccurrence,
    handler=withdraw_occurrence,
    permission=OnTask(Right.EDIT_TASKS),
    events=(OccurrenceWithdrawn,),
    route="POST /tasks/{id}/undo",
    inverse=NoInverse("finish the task again, and the next one is made anew."),
    writes=lambda command: command.task_id,
)
