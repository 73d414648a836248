"""Make the next task of a series that goes on by the schedule."""

from commands.recurrence.next_task import NEXT_TASK, make_next
from commands.scheduler import is_scheduler
from commands.spec import BY_EVENTS, Access, CommandSpec
from commands.work import Work
from domain.errors import not_found
from domain.recurrence.decisions import due_next
from domain.recurrence.state import RECURRENCE
from domain.task.state import TASK
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeOccurrence:
    """The one after the `after`-th; where it is made already, or not due yet, nothing happens."""

    recurrence_id: str
    after: int


@dataclass(frozen=True, slots=True)
class TheSchedule:
    """Nobody asks for it: the clock does."""

    def __str__(self) -> str:
        return "the scheduler"

    async def check(self, command: MakeOccurrence, work: Work) -> Access:
        series = await work.load(RECURRENCE, command.recurrence_id)
        if series is None or not is_scheduler(work):
            raise not_found("recurrence")
        return Access(series.workspace_id)


async def make_occurrence(command: MakeOccurrence, work: Work) -> str:
    series = work.seen(RECURRENCE, command.recurrence_id)
    due_at = due_next(series)
    is_due = series.basis == "schedule" and series.due_at <= work.now
    if due_at is not None and series.ordinal == command.after and is_due:
        task = await work.load(TASK, series.task_id)
        assert task is not None  # the series began with it, or made it
        await make_next(work, series, task, due_at)
    return series.recurrence_id


MAKE_OCCURRENCE = CommandSpec(
    command=MakeOccurrence,
    handler=make_occurrence,
    permission=TheSchedule(),
    events=NEXT_TASK,
    route="the clock",
    inverse=BY_EVENTS,
    writes=lambda command: command.recurrence_id,
)
