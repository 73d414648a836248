"""Take a task back out of the trash, and with it what went there with it."""

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.task.tree import below, taken_along
from commands.work import Work
from domain.task import decisions
from domain.task.events import TaskBlocked, TaskRestored
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTask:
    task_id: str


async def restore_task(command: RestoreTask, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    parent_id = task.parent_task_id
    parent = None if parent_id is None else await work.load(TASK, parent_id)
    events = decisions.restore(task, parent)
    if events:
        trashed = [each for each in await below(work, task) if each.trashed]
        for each in reversed(await taken_along(work, trashed)):
            if each.trashed_with == task.task_id:
                record(work, each, decisions.restore(each))
    record(work, task, events)
    return task.task_id


RESTORE_TASK = CommandSpec(
    command=RestoreTask,
    handler=restore_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskRestored, TaskBlocked),
    route="POST /tasks/{id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
