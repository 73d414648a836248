"""Take a task out of the trash when its project has kept it there for long enough."""

from commands.inverse import NoInverse
from commands.notifications.remind import TheScheduleOfTasks
from commands.spec import CommandSpec
from commands.task.purging import holds_that_keep, record_purge, with_all_below
from commands.work import Work
from domain.dependency_graph.events import DependencyRemoved
from domain.project.state import PROJECT, Project
from domain.retention.decisions import is_due, note_held
from domain.retention.events import TaskPurgeHeld
from domain.retention.state import RETENTION, retention_of
from domain.task.events import TaskDependencyRemoved, TaskPurged, TaskUnblocked
from domain.task.state import TASK
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeDueTask:
    """With all that stands below it, of which each is due by its own project, else nothing
    happens; of more than goes at once the lowest go first. What a legal hold keeps stays whole,
    and that is said."""

    task_id: str


async def purge_due_task(command: PurgeDueTask, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    project = await work.load(PROJECT, task.project_id)
    if task.purged or project is None or not is_due(task, project, work.now):
        return task.task_id
    tasks = await with_all_below(work, task)
    projects: dict[str, Project | None] = {}
    for each in tasks:
        if each.project_id not in projects:
            projects[each.project_id] = await work.load(PROJECT, each.project_id)
        its = projects[each.project_id]
        if its is None or not is_due(each, its, work.now):
            return task.task_id
    holds = await holds_that_keep(work, tasks)
    if holds:
        stream = retention_of(task.task_id)
        kept = await work.load(RETENTION, stream)
        work.record(RETENTION, task.workspace_id, stream, *note_held(task, kept, holds))
    else:
        some = tasks[: work.limits.subtasks_at_once + 1]
        await record_purge(work, some, task, project.trash_days)
    return task.task_id


PURGE_DUE_TASK = CommandSpec(
    command=PurgeDueTask,
    handler=purge_due_task,
    permission=TheScheduleOfTasks(),
    events=(TaskPurged, TaskPurgeHeld, DependencyRemoved, TaskDependencyRemoved, TaskUnblocked),
    route="the clock",
    inverse=NoInverse("what was purged does not come back."),
    writes=lambda command: command.task_id,
)
