"""A task that moves to another project: what it keeps there, and what finds no counterpart."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from domain.errors import Invalid, Refused, invalid
from domain.project.decisions import require_open
from domain.project.fields import (
    FieldDefinition,
    FieldValue,
    checked_value,
    defaults_of,
    required_in,
)
from domain.project.guards import MoveFacts
from domain.project.state import Project
from domain.project.workflow import Guard, Status, Workflow, known_status, status_at
from domain.task.decisions import entered, fields_changed
from domain.task.events import (
    TaskAssigned,
    TaskEvent,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskTypeChanged,
)
from domain.task.moves import refusal_in
from domain.task.state import Task
from domain.values.evolved import evolved
from domain.values.limits import Limits
from domain.values.text import Erased


def counterpart(
    task: Task,
    origin: Workflow,
    target: Workflow,
    wanted: str | None = None,
    otherwise: str | None = None,
) -> Status:
    """The status in which the task stands in the other project: the one that is wanted, else the
    one with the same key, else the first one of the same category, `otherwise` where there is none.

    Raises Invalid where there is none of these.
    """
    if wanted is not None:
        return known_status(target, wanted)
    same = status_at(target, task.status)
    if same is not None:
        return same
    category = category_of(task, origin)
    for status in target.statuses:
        if status.category == category:
            return status
    if otherwise is not None:
        return known_status(target, otherwise)
    keys = ", ".join(status.key for status in target.statuses)
    raise invalid(
        "/status",
        f"That project has no status {task.status} and none of the category {category};"
        f" say which one the task gets: {keys}.",
        "missing",
    )


def category_of(task: Task, workflow: Workflow) -> str:
    """The category of the task's status as the project has it now."""
    status = status_at(workflow, task.status)
    return task.status_category if status is None else status.category


def guards_into(
    task: Task, origin: Workflow, target: Workflow, status: Status
) -> tuple[Guard, ...]:
    """The guards that hold for coming in: none for a task that is as far as it was, and where it
    gets further (or back) by it, those of all moves that lead there."""
    if status.category == category_of(task, origin):
        return ()
    leading = (move for move in target.transitions if move.target == status.key)
    return tuple(guard for move in leading for guard in move.guards)


def relocate(
    task: Task,
    target: Project,
    status: Status,
    *,
    was_category: str,
    rank: str,
    may_see: Callable[[str], bool],
    guards: Iterable[Guard],
    facts: MoveFacts,
    limits: Limits,
    with_task_id: str | None = None,
) -> tuple[tuple[TaskEvent, ...], TaskMovedToProject]:
    """What the task loses or becomes, and then the move itself, which draws the task's number in
    the other project.

    `was_category`: that of its status in the present workflow of the project that it leaves.
    `may_see` says of a person's id whether they may see the other project; `guards` are those of
    `guards_into`. `with_task_id`: the task above it that takes it along.
    """
    require_open(target)
    events: list[TaskEvent] = []
    changed = _fields_there(task, target, status, may_see, limits)
    if changed:
        events += fields_changed(task.fields, task.field_authors, changed)
    if task.type not in [each.key for each in target.types]:
        events.append(TaskTypeChanged(type=target.types[0].key, was=task.type))
    staying = tuple(user_id for user_id in task.assignee_ids if may_see(user_id))
    if staying != task.assignee_ids:
        events.append(TaskAssigned(assignee_ids=staying, was=task.assignee_ids))
    there = evolved(
        task,
        assignee_ids=staying,
        fields={key: each for key, each in {**task.fields, **changed}.items() if each is not None},
    )
    refusal = refusal_in(there, target, status, guards, facts)
    if refusal is not None:
        raise _elsewhere(refusal)
    if (status.key, {status.category}) != (task.status, {task.status_category, was_category}):
        events.append(entered(task, status, rank))
    move = TaskMovedToProject(
        project_id=target.project_id,
        project_key=target.key,
        rank=rank,
        was_project_id=task.project_id,
        was_project_key=task.project_key,
        was_number=task.number or 0,
        was_status=task.status,
        was_rank=task.rank,
        with_task_id=with_task_id,
    )
    return tuple(events), move


def with_dropped(move: TaskMovedToProject, before: Iterable[TaskEvent]) -> TaskMovedToProject:
    """The move, saying what the events before it took away, on all the tasks that go."""
    fields: list[str] = []
    types: list[str] = []
    people: list[str] = []
    for event in before:
        match event:
            case TaskFieldsChanged() if not isinstance(event.fields, Erased):
                fields += (key for key, value in event.fields.items() if value is None)
            case TaskTypeChanged():
                types.append(event.was)
            case TaskAssigned():
                people += (each for each in event.was if each not in event.assignee_ids)
    return replace(
        move,
        dropped_fields=tuple(dict.fromkeys(fields)),
        dropped_types=tuple(dict.fromkeys(types)),
        unassigned=tuple(dict.fromkeys(people)),
    )


def _elsewhere(refusal: Refused) -> Refused:
    """What is missing cannot be filled in before, where only the other project knows of it."""
    detail = f"{refusal.detail} Or name another of that project's statuses for it."
    return Refused(refusal.kind, detail, **refusal.fields)


def _fields_there(
    task: Task,
    target: Project,
    status: Status,
    may_see: Callable[[str], bool],
    limits: Limits,
) -> Mapping[str, FieldValue]:
    """The custom fields that change: None for those whose values mean nothing in the other
    project, and its defaults for those that it requires in the status."""
    by_key = {definition.key: definition for definition in target.fields}
    changed: dict[str, FieldValue] = {
        key: None
        for key, value in task.fields.items()
        if key not in by_key or not _fits(by_key[key], value, may_see, limits)
    }
    defaults = defaults_of(target.fields)
    for key in required_in(target.fields, target.workflow, status):
        if key in defaults and (key in changed or key not in task.fields):
            changed[key] = defaults[key]
    return changed


def _fits(
    definition: FieldDefinition,
    value: FieldValue,
    may_see: Callable[[str], bool],
    limits: Limits,
) -> bool:
    if definition.type == "user" and not (isinstance(value, str) and may_see(value)):
        return False
    try:
        return checked_value(definition, value, limits, "") == value
    except Invalid:
        return False
