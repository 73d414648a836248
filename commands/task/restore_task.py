"""Take a task back out of the trash."""

from dataclasses import dataclass

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.task import decisions
from domain.task.events import TaskRestored
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTask:
    task_id: str


async def restore_task(command: RestoreTask, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    record(work, task, decisions.restore(task))
    return task.task_id


RESTORE_TASK = CommandSpec(
    command=RestoreTask,
    handler=restore_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskRestored,),
    route="POST /tasks/{id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
