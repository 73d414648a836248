"""Tasks below tasks: where one may stand, and what is repeated of one."""

from collections.abc import Mapping, Sequence

from domain.errors import Invalid, Kind, Refused, invalid
from domain.project.fields import FieldValue, required_in
from domain.project.guards import CUSTOM
from domain.project.state import Project
from domain.project.workflow import known_status
from domain.task.decisions import fields_changed, require_not_trashed
from domain.task.events import TaskCreated, TaskEvent, TaskFieldsChanged, TaskParentChanged
from domain.task.moves import unfilled
from domain.task.state import Task
from domain.values.limits import Limits
from domain.values.text import Erased


def place_under(
    task: Task, line: Sequence[Task], height: int, limits: Limits
) -> tuple[TaskEvent, ...]:
    """Below the first of `line`, which has the second above it and so on up to the top; at the
    top where it is empty. `height`: how many levels stand below the task."""
    require_not_trashed(task)
    parent_task_id = line[0].task_id if line else None
    if parent_task_id == task.parent_task_id:
        return ()
    require_no_cycle(task.task_id, line)
    if line:
        require_place(line, task.workspace_id, height, limits)
    return (TaskParentChanged(parent_task_id=parent_task_id, was=task.parent_task_id),)


def require_no_cycle(task_id: str, line: Sequence[Task]) -> None:
    """A task does not stand below itself. `line` as in `place_under`."""
    above = [each.task_id for each in line]
    if task_id in above:
        path = [task_id, *above[: above.index(task_id) + 1]]
        raise Refused(
            Kind.PARENT_CYCLE,
            "A task cannot stand below itself or one of its own subtasks;"
            " move that subtask elsewhere first.",
            path=path,
        )


def require_place(line: Sequence[Task], workspace_id: str, height: int, limits: Limits) -> None:
    """Below the first of `line` there is room for a task of this workspace that has `height`
    levels below itself."""
    parent = line[0]
    if parent.workspace_id != workspace_id:
        raise _not_there("The task is in another workspace; name one of the same.", "invalid")
    if parent.trashed:
        raise _not_there("That task is in the trash; restore it first, or name another.", "trashed")
    if len(line) + height > limits.subtask_depth:
        raise _not_there(
            f"Subtasks go at most {limits.subtask_depth} levels deep; name a task further up.",
            "too-deep",
        )


def copied(
    task: Task,
    project: Project,
    *,
    rank: str,
    assignee_ids: Sequence[str],
    fields: Mapping[str, FieldValue],
    parent_task_id: str | None,
    title: str | None = None,
    defaults: Mapping[str, FieldValue],
) -> tuple[tuple[TaskEvent, Mapping[str, str]], ...]:
    """The events of a new task that says what this one says, each with the authors of its words:
    they stay those of whoever wrote them. It begins where the workflow begins.

    `assignee_ids` and `fields` are those of the task that still hold; `title`: another one. What
    the project requires there and the task does not have is filled from `defaults`; what has no
    default either is refused with GUARD_REFUSED, which names the task too.
    """
    require_not_trashed(task)
    initial = known_status(project.workflow, project.workflow.initial)
    required = required_in(project.fields, project.workflow, initial)
    lacking = {key: defaults[key] for key in required if key in defaults and key not in fields}
    if lacking:
        fields = {**fields, **lacking}
    refusal = unfilled(project, initial, {f"{CUSTOM}{key}" for key in fields})
    if refusal is not None:
        raise Refused(
            refusal.kind,
            f"A copy of this task would begin without what its project requires. {refusal.detail}",
            **refusal.fields,
            task_id=task.task_id,
        )
    of_each_author = fields_changed({}, task.field_authors, fields)
    written_by = {"description": task.description_author}
    if title is None:
        written_by["title"] = task.title_author
    for some in of_each_author[:1]:
        written_by |= author_of(some, task)
    first_type = project.types[0]
    created = TaskCreated(
        project_id=project.project_id,
        project_key=project.key,
        title=task.title if title is None else title,
        description=task.description,
        status=initial.key,
        status_category=initial.category,
        priority=task.priority,
        rank=rank,
        type=next((each.key for each in project.types if each.key == task.type), first_type.key),
        assignee_ids=tuple(assignee_ids),
        due_date=task.due_date,
        due_all_day=task.due_all_day,
        start_date=task.start_date,
        estimate=task.estimate,
        tags=task.tags,
        fields=of_each_author[0].fields if of_each_author else {},
        parent_task_id=parent_task_id,
        copy_of=task.task_id,
    )
    rest = ((some, author_of(some, task)) for some in of_each_author[1:])
    return ((created, written_by), *rest)


def author_of(some: TaskFieldsChanged, task: Task) -> Mapping[str, str]:
    """Who wrote the values that a copy of the task begins with, all of one person."""
    assert not isinstance(some.fields, Erased)  # they were just put together
    found = {task.field_authors[key] for key in some.fields if key in task.field_authors}
    return {"fields": found.pop()} if found else {}


def _not_there(detail: str, code: str) -> Invalid:
    return invalid("/parent_task_id", detail, code)
