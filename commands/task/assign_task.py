"""Say who a task is for."""

from msgspec import UNSET, UnsetType

from commands.people import require_in_project
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.errors import invalid
from domain.task import decisions
from domain.task.events import TaskAssigned
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTask:
    """All assignees, or the first one alone; None and the empty set: nobody.

    Of the two, the one that says what stands already changes nothing, so that an answer may be
    sent back whole with either of them changed.
    """

    task_id: str
    assignee_ids: tuple[str, ...] | UnsetType = UNSET
    assignee_id: str | UnsetType | None = UNSET


async def assign_task(command: AssignTask, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    chosen = chosen_assignees(command, task.assignee_ids)
    events = decisions.assign(task, chosen, work.limits)
    by_name = command.assignee_ids is UNSET or chosen != tuple(command.assignee_ids)
    require_in_project(
        work,
        project,
        (
            (user_id, "/assignee_id" if by_name else f"/assignee_ids/{index}")
            for index, user_id in enumerate(chosen)
            if user_id not in task.assignee_ids
        ),
    )
    record(work, task, events)
    return task.task_id


def chosen_assignees(command: AssignTask, present: tuple[str, ...]) -> tuple[str, ...]:
    everybody, first = command.assignee_ids, command.assignee_id
    if first == (present[0] if present else None):
        first = UNSET
    if everybody is not UNSET and first is not UNSET and everybody == present:
        everybody = UNSET
    if first is UNSET:
        return present if everybody is UNSET else everybody
    alone = () if first is None else (first,)
    if everybody is UNSET:
        return alone
    if everybody[:1] != alone:
        raise invalid("/assignee_id", "Must be the first of assignee_ids where both are given.")
    return everybody


ASSIGN_TASK = CommandSpec(
    command=AssignTask,
    handler=assign_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskAssigned,),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
