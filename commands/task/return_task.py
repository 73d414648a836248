"""Put a card back where a move took it from."""

from dataclasses import dataclass

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.moving import return_events
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.task.events import TaskRanked, TaskStatusChanged
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTask:
    """`status` and `rank` are those that the card had."""

    task_id: str
    status: str
    rank: str


async def return_task(command: ReturnTask, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    rank = command.rank
    record(work, task, await return_events(work, task, project, command.status, rank))
    return task.task_id


RETURN_TASK = CommandSpec(
    command=ReturnTask,
    handler=return_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskStatusChanged, TaskRanked),
    route="POST /tasks/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
