"""Give the open tasks of one member to another, some of them in each commit."""

from collections.abc import Sequence

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.task.on_task import record
from commands.task.room import LanesLeft
from commands.work import Work
from domain.errors import invalid, not_found
from domain.project.state import PROJECT, Project
from domain.task import decisions
from domain.task.events import TaskAssigned
from domain.task.state import TASK, Task
from domain.values.evolved import evolved
from domain.values.frozen import dataclass
from domain.workspace.events import WorkspaceTasksHandedOver
from domain.workspace.roles import Right, project_role
from domain.workspace.state import WORKSPACE, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverTasks:
    """`task_ids` are candidates, as a view had them: what does not fit any more is left out, as
    are those that find no room in the lane of the other, and those that were not brought here,
    because the other may not see them (`left_out`)."""

    workspace_id: str
    user_id: str
    to: str
    task_ids: Sequence[str]
    left_out: int = 0


async def hand_over_tasks(command: HandOverTasks, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    user_id, to = command.user_id, command.to
    if workspace.role_of(user_id) is None and user_id not in workspace.suspended:
        raise not_found("member")
    if workspace.role_of(to) is None:
        raise invalid("/to", "There is no active member with this id.", "unknown")
    if to == user_id:
        raise invalid("/to", "Name somebody else.")
    handed_over, left_out = 0, command.left_out
    lanes = LanesLeft(work)
    for task_id in command.task_ids:
        task = await work.load(TASK, task_id)
        if task is None or task.workspace_id != workspace.workspace_id or task.trashed:
            continue
        if user_id not in task.assignee_ids:
            continue
        project = await _seen_project(work, workspace, task, to)
        chosen = (to if each == user_id else each for each in task.assignee_ids)
        given = evolved(task, assignee_ids=tuple(dict.fromkeys(chosen)))
        if project is None or not await lanes.take(project, task, given):
            left_out += 1
            continue
        record(work, task, decisions.assign(task, given.assignee_ids, work.limits))
        handed_over += 1
    if handed_over:
        done = WorkspaceTasksHandedOver(
            user_id=user_id, to=to, handed_over=handed_over, left_out=left_out
        )
        work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, done)
    return workspace.workspace_id


async def _seen_project(
    work: Work, workspace: Workspace, task: Task, user_id: str
) -> Project | None:
    """The task's project, where somebody sees it and it is not archived: its tasks stay as they
    are."""
    project = await work.load(PROJECT, task.project_id)
    if project is None or project.archived:
        return None
    return project if project_role(workspace, project, user_id) is not None else None


HAND_OVER_TASKS = CommandSpec(
    command=HandOverTasks,
    handler=hand_over_tasks,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(TaskAssigned, WorkspaceTasksHandedOver),
    route="POST /workspaces/{id}/members/{user_id}/handover",
    inverse=NoInverse("hand the tasks over the other way, or undo it on each task."),
    writes=lambda command: command.workspace_id,
)
