"""Hear of a task again."""

from commands.inverse import NoInverse
from commands.permissions import ForOneself
from commands.spec import CommandSpec
from commands.work import Work
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.watching import decisions
from domain.watching.events import TaskUnmuted
from domain.watching.state import WATCHING, watching_of


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmuteTask:
    """Oneself."""

    task_id: str


async def unmute_task(command: UnmuteTask, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    stream = watching_of(task.task_id)
    watching = await work.load(WATCHING, stream)
    events = decisions.unmute(task, watching, work.actor)
    work.record(WATCHING, task.workspace_id, stream, *events)
    return task.task_id


UNMUTE_TASK = CommandSpec(
    command=UnmuteTask,
    handler=unmute_task,
    permission=ForOneself(),
    events=(TaskUnmuted,),
    route="DELETE /tasks/{id}/mute",
    inverse=NoInverse("it is only about yourself; watch or mute the task as you want it now."),
    writes=lambda command: watching_of(command.task_id),
)
