"""Move a task to another project of its workspace."""

from commands.permissions import OnTask, require_right, visible_project
from commands.spec import BY_EVENTS, Access, CommandSpec
from commands.task.moving import facts_of
from commands.task.on_task import open_task
from commands.task.tree import below, taken_along
from commands.work import Work
from domain.errors import Invalid, invalid
from domain.project.state import PROJECT, Project, task_numbers
from domain.project.workflow import Status
from domain.task.decisions import require_not_trashed
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskEvent,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskStatusChanged,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.task.relocation import category_of, counterpart, guards_into, relocate, with_dropped
from domain.task.state import TASK, Task
from domain.values.frozen import dataclass
from domain.values.rank import fresh_rank
from domain.workspace.roles import Right, project_role
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveToProject:
    """`status`, by its key or exact name: the one that the task gets there; without it the one
    that corresponds. What stands below the task in its own project, on all levels and in the trash
    too, goes with it, and gets that status only where none corresponds."""

    task_id: str
    project_id: str
    status: str | None = None


@dataclass(frozen=True, slots=True)
class OnTaskAndProject:
    """The right both in the task's project and in the one that the request names, which must be
    of the same workspace."""

    right: Right

    def __str__(self) -> str:
        return f"may {self.right}, in the task's project and in the one named"

    async def check(self, command: MoveToProject, work: Work) -> Access:
        access = await OnTask(self.right).check(command, work)
        place = await visible_project(work, command.project_id)
        if place is None:
            raise invalid(
                "/project_id", "There is no such project, or you may not see it.", "unknown"
            )
        if place[1].workspace_id != access.workspace_id:
            raise invalid(
                "/project_id",
                "A task stays in its workspace; make it anew in the other one.",
                "other-workspace",
            )
        return require_right(work, *place, self.right)


async def move_to_project(command: MoveToProject, work: Work) -> str:
    task, origin = open_task(work, command.task_id)
    require_not_trashed(task)
    target = work.seen(PROJECT, command.project_id)
    if target.project_id == origin.project_id:
        return task.task_id
    if task.number is None:
        raise _no_key_yet()
    chosen = [each for each in await below(work, task) if each.project_id == origin.project_id]
    status = counterpart(task, origin.workflow, target.workflow, command.status)
    moves = [await _relocated(work, task, origin, target, status, None)]
    for each in await taken_along(work, chosen):
        if each.number is None:
            raise _no_key_yet()
        status = counterpart(each, origin.workflow, target.workflow, None, command.status)
        moves.append(await _relocated(work, each, origin, target, status, task.task_id))
    lost = [event for _, before, _ in moves for event in before]
    moves[0] = (task, moves[0][1], with_dropped(moves[0][2], lost))
    for each, before, move in moves:
        work.record(TASK, each.workspace_id, each.task_id, *before)
        draws = task_numbers(target.project_id)
        work.record(TASK, each.workspace_id, each.task_id, move, draws=draws)
    return task.task_id


def _no_key_yet() -> Invalid:
    """The key that it has is only drawn by the commit, and must be remembered by the move."""
    return invalid(
        "",
        "A task gets its key once the commit is done that makes or moves it;"
        " move it in a request of its own after that.",
        "too-soon",
    )


async def _relocated(
    work: Work,
    task: Task,
    origin: Project,
    target: Project,
    status: Status,
    with_task_id: str | None,
) -> tuple[Task, tuple[TaskEvent, ...], TaskMovedToProject]:
    workspace = work.seen(WORKSPACE, target.workspace_id)
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
        with_task_id=with_task_id,
    )
    return task, before, move


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
        TaskBlocked,
        TaskUnblocked,
    ),
    route="POST /tasks/{id}/move",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
