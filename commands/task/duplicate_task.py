"""Make a task that says what another one says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task
from commands.task.tree import below, taken_along
from commands.work import Work
from domain.errors import Invalid
from domain.project.fields import FieldValue, checked_value
from domain.project.state import PROJECT, Project
from domain.task.decisions import require_not_trashed
from domain.task.events import TaskCreated, TaskFieldsChanged
from domain.task.state import TASK, Task
from domain.task.subtasks import copied
from domain.values.rank import fresh_rank
from domain.values.text_rules import checked_title
from domain.workspace.roles import Right, project_role
from domain.workspace.state import WORKSPACE


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
    copy_id = _copy(work, task, project, task.parent_task_id, title)
    if command.with_subtasks:
        copies = {task.task_id: copy_id}
        live = [each for each in await below(work, task) if not each.trashed]
        for each in await taken_along(work, task, live):
            assert each.parent_task_id is not None  # it stands below the task
            place = work.seen(PROJECT, each.project_id)
            copies[each.task_id] = _copy(
                work, each, place, copies[each.parent_task_id], None, len(copies)
            )
    return copy_id


def _copy(
    work: Work,
    task: Task,
    project: Project,
    parent_task_id: str | None,
    title: str | None,
    nth: int = 0,
) -> str:
    """The n-th copy of one command: ranks go by milliseconds, and copies keep their order."""
    copy_id = work.new_id("task")
    workspace = work.seen(WORKSPACE, project.workspace_id)
    events = copied(
        task,
        project,
        rank=fresh_rank(work.now + timedelta(milliseconds=nth), work.tail()),
        assignee_ids=[
            user_id
            for user_id in task.assignee_ids
            if project_role(workspace, project, user_id) is not None
        ],
        fields=_fields_that_hold(work, task, project),
        parent_task_id=parent_task_id,
        title=title,
    )
    draws: str | None = f"task-number:{project.project_id}"
    for event, authors in events:
        work.record(TASK, project.workspace_id, copy_id, event, draws=draws, authors=authors)
        draws = None
    return copy_id


def _fields_that_hold(work: Work, task: Task, project: Project) -> Mapping[str, FieldValue]:
    """Values of fields that the project still has, of people who still see it."""
    workspace = work.seen(WORKSPACE, project.workspace_id)
    held: dict[str, FieldValue] = {}
    for definition in project.fields:
        value = task.fields.get(definition.key)
        if value is None:
            continue
        if definition.type == "user" and project_role(workspace, project, str(value)) is None:
            continue
        try:
            held[definition.key] = checked_value(definition, value, work.limits, "")
        except Invalid:
            continue
    return held


DUPLICATE_TASK = CommandSpec(
    command=DuplicateTask,
    handler=duplicate_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(TaskCreated, TaskFieldsChanged),
    route="POST /tasks/{id}/duplicate",
    inverse=BY_EVENTS,
)
