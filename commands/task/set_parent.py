"""Put a task below another one, or at the top: from task to subtask and back."""

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.task.tree import as_seen, below, line_from
from commands.work import Work
from domain.errors import Kind, Refused
from domain.task.events import TaskParentChanged
from domain.task.subtasks import place_under
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParent:
    """What stands below the task goes with it; None: it stands at the top."""

    task_id: str
    parent_task_id: str | None


async def set_parent(command: SetParent, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    if command.parent_task_id == task.parent_task_id:
        return task.task_id
    if command.parent_task_id is None:
        record(work, task, place_under(task, (), 0, work.limits))
        return task.task_id
    line = await line_from(work, command.parent_task_id)
    height = max((each.level for each in await below(work, task)), default=0)
    try:
        events = place_under(task, line, height, work.limits)
    except Refused as refusal:
        if refusal.kind is not Kind.PARENT_CYCLE:
            raise
        path = await as_seen(work, refusal.fields["path"])
        raise Refused(refusal.kind, refusal.detail, path=path) from None
    record(work, task, events)
    return task.task_id


SET_PARENT = CommandSpec(
    command=SetParent,
    handler=set_parent,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskParentChanged,),
    route="PUT /tasks/{id}/parent",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
