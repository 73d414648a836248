"""Set by when a task is to be done."""

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import moment_given, open_task, record
from commands.work import Work
from domain.task import decisions
from domain.task.events import TaskDueDateChanged
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDueDate:
    """An RFC 3339 date-time, a day of the caller's (its end), or None.

    The moment that stands already changes nothing: a whole day sent back as the moment that the
    answer showed stays a whole day. `all_day` says so of any other moment; None: as given.
    """

    task_id: str
    due_date: str | None
    all_day: bool | None = None


async def set_due_date(command: SetDueDate, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    due_date, all_day = await moment_given(
        work, command.due_date, end_of_day=True, pointer="/due_date"
    )
    if command.all_day is not None:
        all_day = command.all_day
    else:
        all_day = all_day or (task.due_all_day and due_date == task.due_date)
    record(work, task, decisions.set_due_date(task, due_date, all_day))
    return task.task_id


SET_DUE_DATE = CommandSpec(
    command=SetDueDate,
    handler=set_due_date,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskDueDateChanged,),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
