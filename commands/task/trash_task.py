"""Put a task into the trash, and with it all that stands below it."""

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.task.tree import below, taken_along
from commands.work import Work
from domain.task import decisions
from domain.task.events import TaskTrashed, TaskUnblocked
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashTask:
    task_id: str


async def trash_task(command: TrashTask, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    if not task.trashed:
        # The lowest first, so that what is taken back from the last on begins with the task.
        live = [each for each in await below(work, task) if not each.trashed]
        for each in reversed(await taken_along(work, live)):
            record(work, each, decisions.trash(each, task.task_id))
    record(work, task, decisions.trash(task))
    return task.task_id


TRASH_TASK = CommandSpec(
    command=TrashTask,
    handler=trash_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskTrashed, TaskUnblocked),
    route="DELETE /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
