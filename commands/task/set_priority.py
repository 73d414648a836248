"""Set how urgent a task is."""

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.task import decisions
from domain.task.events import TaskPrioritised
from domain.values.frozen import dataclass
from domain.values.priority import chosen_level
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority:
    """`priority` is a level or a name; `priority_level` wins. None: not given."""

    task_id: str
    priority: int | str | None = None
    priority_level: int | None = None


async def set_priority(command: SetPriority, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    level = chosen_level(command.priority, command.priority_level, task.priority)
    record(work, task, decisions.prioritise(task, level))
    return task.task_id


SET_PRIORITY = CommandSpec(
    command=SetPriority,
    handler=set_priority,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskPrioritised,),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
