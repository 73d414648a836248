"""Make a task that says what another one says."""

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.copying import copy_of, record_copy
from commands.task.on_task import open_task
from commands.task.tree import below, taken_along
from commands.work import Work
from domain.project.state import PROJECT
from domain.task.decisions import require_not_trashed
from domain.task.events import TaskCreated, TaskFieldsChanged
from domain.values.frozen import dataclass
from domain.values.text_rules import checked_title
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateTask:
    """The copy stands below the same task and begins where its workflow begins. It has none of
    the comments, dependencies and history. `title`: another one than that of the task."""

    task_id: str
    with_subtasks: bool = False
    title: str | None = None


async def duplicate_task(command: DuplicateTask, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    require_not_trashed(task)
    title = None if command.title is None else checked_title(command.title, work.limits)
    copy_id = record_copy(work, project, copy_of(work, task, project, task.parent_task_id, title))
    if command.with_subtasks:
        copies = {task.task_id: copy_id}
        live = [each for each in await below(work, task) if not each.trashed]
        for each in await taken_along(work, live):
            assert each.parent_task_id is not None  # it stands below the task
            place = work.seen(PROJECT, each.project_id)
            parent_id = copies[each.parent_task_id]
            copy = copy_of(work, each, place, parent_id, nth=len(copies))
            copies[each.task_id] = record_copy(work, place, copy)
    return copy_id


DUPLICATE_TASK = CommandSpec(
    command=DuplicateTask,
    handler=duplicate_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskCreated, TaskFieldsChanged),
    route="POST /tasks/{id}/duplicate",
    inverse=BY_EVENTS,
)
