"""Take a task out of the trash for good, and with it all that stands below it."""

from commands.inverse import NoInverse
from commands.permissions import OnTask, forbidden, visible_project
from commands.spec import CommandSpec
from commands.task.purging import holds_that_keep, record_purge, with_all_below
from commands.work import Work
from domain.custody.decisions import legal_hold
from domain.dependency_graph.events import DependencyRemoved
from domain.errors import invalid, not_found
from domain.retention.decisions import purge
from domain.task.events import TaskDependencyRemoved, TaskPurged, TaskUnblocked
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.workspace.roles import Right, project_rights


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeTask:
    """Also in an archived project: that nothing happens there is no reason to keep its trash."""

    task_id: str


async def purge_task(command: PurgeTask, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    if task.purged:
        raise not_found("task")
    purge(task)  # one that is not in the trash is refused before all that it would take along
    tasks = await with_all_below(work, task)
    most = work.limits.subtasks_at_once
    if len(tasks) > most + 1:
        raise invalid(
            "", f"It has more than {most} subtasks, on all levels; purge some first.", "too-many"
        )
    for project_id in dict.fromkeys(each.project_id for each in tasks):
        place = await visible_project(work, project_id)
        if place is None or Right.MANAGE_PROJECT not in project_rights(*place, work.actor):
            raise forbidden(Right.MANAGE_PROJECT)
    holds = await holds_that_keep(work, tasks)
    if holds:
        raise legal_hold(holds)
    await record_purge(work, tasks, task)
    return task.task_id


PURGE_TASK = CommandSpec(
    command=PurgeTask,
    handler=purge_task,
    permission=OnTask(Right.MANAGE_PROJECT, purged=True),
    events=(TaskPurged, DependencyRemoved, TaskDependencyRemoved, TaskUnblocked),
    route="POST /tasks/{id}/purge",
    inverse=NoInverse("what was purged does not come back."),
    writes=lambda command: command.task_id,
)
