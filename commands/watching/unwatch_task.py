"""Have the news of a task no longer."""

from commands.inverse import NoInverse
from commands.permissions import ForOneself
from commands.spec import CommandSpec
from commands.work import Work
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.watching import decisions
from domain.watching.events import WatchStopped
from domain.watching.state import WATCHING, watching_of


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwatchTask:
    """Oneself, whatever made one a watcher."""

    task_id: str


async def unwatch_task(command: UnwatchTask, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    stream = watching_of(task.task_id)
    watching = await work.load(WATCHING, stream)
    events = decisions.unwatch(task, watching, work.actor)
    work.record(WATCHING, task.workspace_id, stream, *events)
    return task.task_id


UNWATCH_TASK = CommandSpec(
    command=UnwatchTask,
    handler=unwatch_task,
    permission=ForOneself(),
    events=(WatchStopped,),
    route="DELETE /tasks/{id}/watch",
    inverse=NoInverse("it is only about yourself; watch or mute the task as you want it now."),
    writes=lambda command: watching_of(command.task_id),
)
