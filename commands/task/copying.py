"""New tasks that say what another one says."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from commands.task.on_task import defaults_that_hold
from commands.work import Work
from domain.errors import Invalid
from domain.project.fields import FieldValue, checked_value
from domain.project.state import Project, task_numbers
from domain.task.events import TaskEvent
from domain.task.state import TASK, Task
from domain.task.subtasks import copied
from domain.values.rank import fresh_rank
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE

Copy = Iterable[tuple[TaskEvent, Mapping[str, str]]]


def copy_of(
    work: Work,
    task: Task,
    project: Project,
    parent_task_id: str | None,
    title: str | None = None,
    nth: int = 0,
) -> Copy:
    """The events of the n-th copy of one command, each with the authors of its words: ranks go by
    milliseconds, and copies keep their order."""
    workspace = work.seen(WORKSPACE, project.workspace_id)
    return copied(
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
        defaults=defaults_that_hold(work, project),
    )


def record_copy(work: Work, project: Project, copy: Copy) -> str:
    """Begin the new task; gives its id."""
    copy_id = work.new_id("task")
    draws: str | None = task_numbers(project.project_id)
    for event, authors in copy:
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
