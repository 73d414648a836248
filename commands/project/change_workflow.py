"""Change a project's workflow, and with it, in the same commit, the tasks that it concerns."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from commands.permissions import OnProject
from commands.spec import CommandSpec, NoInverse
from commands.work import Work
from domain.errors import Kind, Refused
from domain.project import decisions
from domain.project.decisions import Resettling
from domain.project.events import ProjectFieldsChanged, ProjectWorkflowChanged
from domain.project.state import PROJECT, Project
from domain.project.workflow import Status, Transition, Workflow
from domain.task import decisions as tasks
from domain.task.events import TaskBlocked, TaskStatusChanged, TaskUnblocked
from domain.task.state import TASK
from domain.workspace.roles import Right

_READ_AT_ONCE = 32


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
    events = decisions.change_workflow(project, wanted, ids, work.limits)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    after = work.seen(PROJECT, project.project_id).workflow
    resettling = decisions.resettle(project.workflow, after, command.move_to)
    required = decisions.follow_statuses(project, after, resettling)
    work.record(PROJECT, project.workspace_id, project.project_id, *required)
    await _resettle_tasks(work, project, resettling)
    return project.project_id


async def _resettle_tasks(work: Work, project: Project, resettling: Resettling) -> None:
    concerned = (*resettling.statuses, *resettling.without_target)
    if not concerned:
        return
    standing = await _standing(work, project, concerned)
    in_use = [status for status in resettling.without_target if standing[status]]
    if in_use:
        raise Refused(
            Kind.STATUS_IN_USE,
            "Tasks stand in statuses that go; say in move_to which status they get instead.",
            statuses=in_use,
        )
    if sum(map(len, standing.values())) > work.limits.moved_by_workflow:
        raise Refused(
            Kind.STATUS_IN_USE,
            f"More than {work.limits.moved_by_workflow} tasks stand in the statuses that this"
            " change concerns; move some of them to other statuses first.",
            statuses=[status for status in concerned if standing[status]],
        )
    for status, target in resettling.statuses.items():
        await _move(work, standing[status], status, target)


async def _standing(
    work: Work, project: Project, statuses: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Which tasks stand in each status, held so until the commit: a task that enters one after
    this was asked moves the status's guard."""
    position = await work.head()
    most = work.limits.moved_by_workflow + 1
    standing: dict[str, Sequence[str]] = {}
    for status in statuses:
        standing[status] = await work.board.tasks_in_status(
            project.project_id, status, position, most
        )
        work.guard(f"status:{project.project_id}:{status}", position)
    return standing


async def _move(work: Work, task_ids: Sequence[str], status: str, target: Status) -> None:
    for start in range(0, len(task_ids), _READ_AT_ONCE):
        some = task_ids[start : start + _READ_AT_ONCE]
        for task in await gather(*(work.load(TASK, task_id) for task_id in some)):
            if task is not None and task.status == status:
                work.record(TASK, task.workspace_id, task.task_id, *tasks.resettle(task, target))


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
