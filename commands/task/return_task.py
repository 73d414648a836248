"""Put a card back where a move took it from."""

from datetime import datetime

from commands.permissions import OnTask
from commands.recurrence.next_task import NEXT_TASK
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.moving import return_events
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.task.events import TaskBlocked, TaskRanked, TaskStatusChanged, TaskUnblocked
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTask:
    """`status`, `rank` and `completed_at` are those that the task had."""

    task_id: str
    status: str
    rank: str
    completed_at: datetime | None = None


async def return_task(command: ReturnTask, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    events = await return_events(
        work, task, project, command.status, command.rank, command.completed_at
    )
    record(work, task, events)
    return task.task_id


RETURN_TASK = CommandSpec(
    command=ReturnTask,
    handler=return_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskStatusChanged, TaskRanked, TaskBlocked, TaskUnblocked, *NEXT_TASK),
    route="POST /tasks/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
