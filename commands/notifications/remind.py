"""Say of a task that it is due soon, or overdue: what the clock asks for, once for each date."""

from datetime import timedelta

from commands.inverse import NoInverse
from commands.permissions import OfTask
from commands.scheduler import is_scheduler
from commands.spec import Access, CommandSpec
from commands.work import Work
from domain.errors import not_found
from domain.reminders import decisions
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.reminders.state import REMINDERS, reminders_of
from domain.task.state import TASK
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """`lead`: how long before its due date a task is due soon. Where there is nothing to say, or
    it has been said, nothing happens."""

    task_id: str
    lead: timedelta


@dataclass(frozen=True, slots=True)
class TheScheduleOfTasks:
    """Nobody asks for it: the clock does."""

    def __str__(self) -> str:
        return "the scheduler"

    async def check(self, command: OfTask, work: Work) -> Access:
        task = await work.load(TASK, command.task_id)
        if task is None or not is_scheduler(work):
            raise not_found("task")
        return Access(task.workspace_id)


async def remind(command: Remind, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    stream = reminders_of(task.task_id)
    said = await work.load(REMINDERS, stream)
    events = decisions.remind(task, said, work.now, command.lead)
    work.record(REMINDERS, task.workspace_id, stream, *events)
    return task.task_id


REMIND = CommandSpec(
    command=Remind,
    handler=remind,
    permission=TheScheduleOfTasks(),
    events=(TaskDueDateNeared, TaskDueDatePassed),
    route="the clock",
    inverse=NoInverse("it is what the clock says; change the due date instead."),
    writes=lambda command: reminders_of(command.task_id),
)
