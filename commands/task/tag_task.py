"""Set a task's tags."""

from dataclasses import dataclass

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.task import decisions
from domain.task.events import TaskTagged
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTask:
    """All of them, in order; each counts once."""

    task_id: str
    tags: tuple[str, ...]


async def tag_task(command: TagTask, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    record(work, task, decisions.tag(task, command.tags, work.limits))
    return task.task_id


TAG_TASK = CommandSpec(
    command=TagTask,
    handler=tag_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskTagged,),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
