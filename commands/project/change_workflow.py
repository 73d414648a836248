"""Change a project's workflow, and with it, in the same commit, the tasks that it concerns."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from commands.inverse import NoInverse
from commands.permissions import OnProject
from commands.spec import CommandSpec
from commands.task.on_task import loaded_tasks
from commands.work import Work
from domain.errors import Kind, Refused
from domain.project import process
from domain.project.events import ProjectFieldsChanged, ProjectWorkflowChanged
from domain.project.process import Resettling
from domain.project.state import PROJECT, Project
from domain.project.workflow import Status, Transition, Workflow
from domain.task import decisions as tasks
from domain.task.events import (
    TaskBlocked,
    TaskCreated,
    TaskMovedToProject,
    TaskStatusChanged,
    TaskUnblocked,
)
from domain.task.state import TASK, Task, status_guard
from domain.values.frozen import dataclass
from domain.workspace.roles import Right

_ROUNDS = 5

# What brings a task into a status: each touches that status's guard.
_ENTERING: Final = (TaskCreated, TaskStatusChanged, TaskMovedToProject)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWorkflow:
    """Wherever a status is named, by its key or its exact name.

    `move_to`: status that goes -> status that its tasks get. `any_move`: every status may follow
    every other; None: as it is, unless moves are listed.
    """

    project_id: str
    initial: str
    statuses: tuple[Status, ...]
    transitions: tuple[Transition, ...] = ()
    any_move: bool | None = None
    move_to: Mapping[str, str] = field(default_factory=dict)


async def change_workflow(command: ChangeWorkflow, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    any_move = command.any_move
    if any_move is None:
        any_move = project.workflow.any_move and not command.transitions
    wanted = Workflow(
        initial=command.initial,
        statuses=command.statuses,
        transitions=command.transitions,
        any_move=any_move,
    )
    ids = [work.new_id("col") for _ in command.statuses]
    events = process.change_workflow(project, wanted, ids, work.limits)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    after = work.seen(PROJECT, project.project_id).workflow
    resettling = process.resettle(project.workflow, after, command.move_to)
    required = process.follow_statuses(project, after, resettling)
    work.record(PROJECT, project.workspace_id, project.project_id, *required)
    await _resettle_tasks(work, project, resettling)
    return project.project_id


async def _resettle_tasks(work: Work, project: Project, resettling: Resettling) -> None:
    concerned = (*resettling.statuses, *resettling.without_target)
    if not concerned:
        return
    standing = await _standing(work, project, concerned)
    in_use = {task.status for task in standing}
    gone = [status for status in resettling.without_target if status in in_use]
    if gone:
        raise Refused(
            Kind.STATUS_IN_USE,
            "Tasks stand in statuses that go; say in move_to which status they get instead.",
            statuses=gone,
        )
    for task in standing:
        target = resettling.statuses[task.status]
        work.record(TASK, task.workspace_id, task.task_id, *tasks.resettle(task, target))


async def _standing(work: Work, project: Project, statuses: Sequence[str]) -> Sequence[Task]:
    """Which tasks stand in these statuses, held so until the commit: a task that enters one after
    this was asked moves the status's guard.

    The board says it as of when this began. Those who came since are told by the log itself, a few
    times over until it is nobody: else a handful of writers would always be ahead of the view.
    Nothing is asserted about those who came and went on, where the log itself said so; what only
    this process remembers is, for it may be behind. Who enters and who changes one of them does
    not mean this change: it is decided again until there is a moment without any.
    """
    most = work.limits.moved_by_workflow
    settled = known = await work.head()
    ids: list[str] = []
    for status in statuses:
        ids += await work.board.tasks_in_status(project.project_id, status, known, most + 1)
    found: dict[str, Task] = {}
    for _ in range(_ROUNDS):
        if len(found) + len(ids) > most:
            raise _too_many(most)
        work.meeting_points.update(ids)
        for task in await loaded_tasks(work, ids):
            if task is None:
                continue
            if task.project_id == project.project_id and task.status in statuses:
                found[task.task_id] = task
            elif task.task_id not in work.from_memory:
                work.release(task.task_id)
        settled = known
        known, entered = await work.streams_since(project.workspace_id, _ENTERING, settled)
        ids = [each for each in entered if each not in found]
        if not ids:
            settled = known
            break
    guards = [status_guard(project.project_id, status) for status in statuses]
    for guard in guards:
        work.guard(guard, settled)
    work.meeting_points.update(guards)
    return tuple(found.values())


def _too_many(most: int) -> Refused:
    return Refused(
        Kind.STATUS_IN_USE,
        f"More than {most} tasks stand in the statuses that this change concerns, and one commit"
        " moves no more. Add the new status first, move the tasks to it in bulk, and take the old"
        " one away then; a status whose category should change is replaced by one that has it.",
        limit=most,
    )


CHANGE_WORKFLOW = CommandSpec(
    command=ChangeWorkflow,
    handler=change_workflow,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(
        ProjectWorkflowChanged,
        ProjectFieldsChanged,
        TaskStatusChanged,
        TaskBlocked,
        TaskUnblocked,
    ),
    route="PUT /projects/{id}/workflow",
    inverse=NoInverse(
        "tasks may stand where the former workflow has no status for them;"
        " change the workflow again."
    ),
    writes=lambda command: command.project_id,
)
