"""Move a task along its project's workflow."""

from commands.permissions import OnTask
from commands.recurrence.next_task import NEXT_TASK
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.moving import status_events
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.task.events import TaskBlocked, TaskStatusChanged, TaskUnblocked
from domain.values.frozen import dataclass
from domain.values.rank import fresh_rank
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStatus:
    """`status` is a key or an exact name. The card goes to the end of its new column."""

    task_id: str
    status: str


async def change_status(command: ChangeStatus, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    rank = fresh_rank(work.now, work.tail())
    record(work, task, await status_events(work, task, project, command.status, rank))
    return task.task_id


CHANGE_STATUS = CommandSpec(
    command=ChangeStatus,
    handler=change_status,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskStatusChanged, TaskBlocked, TaskUnblocked, *NEXT_TASK),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
