"""Set a task's tags."""

from commands.labels.held import held_tags, known_labels
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.labels.events import LabelCreated
from domain.labels.state import standing
from domain.task import decisions
from domain.task.events import TaskTagged
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTask:
    """All of them, in order, by the names or ids of labels; each counts once. `held` are tags as
    tasks hold them, in the place of names: for what comes back."""

    task_id: str
    tags: tuple[str, ...] = ()
    held: tuple[str, ...] | None = None


async def tag_task(command: TagTask, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    if command.held is not None:
        tags = command.held
    else:
        tags = await held_tags(work, task.workspace_id, command.tags) if command.tags else ()
    shown = task.tags
    if shown:
        shown = standing(await known_labels(work, task.workspace_id), shown)
    record(work, task, decisions.tag(task, tags, work.limits, shown))
    return task.task_id


TAG_TASK = CommandSpec(
    command=TagTask,
    handler=tag_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskTagged, LabelCreated),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
