"""Move a task to another project of its workspace."""

from dataclasses import dataclass

from commands.permissions import OnTaskAndProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.moving import facts_of
from commands.task.on_task import open_task
from commands.work import Work
from domain.project.state import PROJECT, Project
from domain.task.decisions import require_not_trashed
from domain.task.events import (
    TaskAssigned,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskStatusChanged,
    TaskTypeChanged,
)
from domain.task.relocation import category_of, counterpart, guards_into, relocate, with_dropped
from domain.task.state import TASK, Task
from domain.values.rank import fresh_rank
from domain.workspace.roles import Right, project_role
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToProject:
    """`status`, by its key or exact name: the one that the task gets there; without it the one
    that corresponds."""

    task_id: str
    project_id: str
    status: str | None = None


async def move_to_project(command: MoveToProject, work: Work) -> str:
    task, origin = open_task(work, command.task_id)
    require_not_trashed(task)
    target = work.seen(PROJECT, command.project_id)
    if target.project_id == origin.project_id:
        return task.task_id
    await _relocate(work, task, origin, target, command.status)
    return task.task_id


async def _relocate(
    work: Work, task: Task, origin: Project, target: Project, wanted: str | None
) -> None:
    workspace = work.seen(WORKSPACE, target.workspace_id)
    status = counterpart(task, origin.workflow, target.workflow, wanted)
    guards = guards_into(task, origin.workflow, target.workflow, status)
    before, move = relocate(
        task,
        target,
        status,
        was_category=category_of(task, origin.workflow),
        rank=fresh_rank(work.now, work.tail()),
        may_see=lambda user_id: project_role(workspace, target, user_id) is not None,
        guards=guards,
        facts=await facts_of(work, task, target, guards),
        limits=work.limits,
    )
    work.record(TASK, task.workspace_id, task.task_id, *before)
    work.record(
        TASK,
        task.workspace_id,
        task.task_id,
        with_dropped(move, before),
        draws=f"task-number:{target.project_id}",
    )


MOVE_TO_PROJECT = CommandSpec(
    command=MoveToProject,
    handler=move_to_project,
    permission=OnTaskAndProject(Right.EDIT_TASKS),
    events=(
        TaskFieldsChanged,
        TaskTypeChanged,
        TaskAssigned,
        TaskStatusChanged,
        TaskMovedToProject,
    ),
    route="POST /tasks/{id}/move",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
