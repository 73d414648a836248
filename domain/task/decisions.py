"""What may happen to a task."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Final

from domain.dependency_graph.events import DependencyAdded, DependencyGraphEvent
from domain.errors import Invalid, Kind, Problem, Refused, invalid, pointer_token
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
from domain.project.types import TaskType, known_type
from domain.project.workflow import Status, known_status, status_at
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskEvent,
    TaskFieldsChanged,
    TaskMadeRecurring,
    TaskPrioritised,
    TaskRanked,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.task.moves import (
    explained,
    refusal_back,
    refusal_of,
    ways_from,
)
from domain.task.state import Task
from domain.values.evolved import evolved
from domain.values.limits import Limits
from domain.values.priority import DEFAULT_LEVEL, level_of
from domain.values.text_rules import (
    Problems,
    checked_description,
    checked_tags,
    checked_title,
    optional_line,
)

# What the task at the other end of an edge of this type does.
COUNTERPARTS: Final = {
    "blocks": "blocked_by",
    "relates": "relates",
    "duplicates": "duplicated_by",
}

# What a task does to another: the type of the edge, and whether it goes out from this task.
RELATIONS: Final = {
    "blocks": ("blocks", True),
    "blocked_by": ("blocks", False),
    "relates": ("relates", True),
    "duplicates": ("duplicates", True),
    "duplicated_by": ("duplicates", False),
}

NO_FACTS: Final = MoveFacts()

_MOST_ESTIMATE: Final = 1e9


def create(
    project: Project,
    *,
    title: str,
    rank: str,
    limits: Limits,
    description: str = "",
    status: str | None = None,
    priority: int = DEFAULT_LEVEL,
    task_type: str | None = None,
    assignee_ids: Sequence[str] = (),
    due_date: datetime | None = None,
    due_all_day: bool = False,
    start_date: datetime | None = None,
    estimate: float | None = None,
    tags: Sequence[str] = (),
    fields: Mapping[str, object] | None = None,
    external_id: str | None = None,
    parent_task_id: str | None = None,
) -> tuple[TaskEvent, ...]:
    """Everything that is wrong is said at once. Without a status it begins in the initial one;
    a task may be made in any. Without a type it gets the project's first. Whether the assignees
    may see the project, and whether there is room below the parent, is not known here."""
    require_open(project)
    problems = Problems()
    initial = known_status(project.workflow, project.workflow.initial)
    standing = initial
    if status is not None:
        standing = problems.check(initial, known_status, project.workflow, status)
    event = TaskCreated(
        project_id=project.project_id,
        project_key=project.key,
        title=problems.check(title, checked_title, title, limits),
        description=problems.check(description, checked_description, description, limits),
        status=standing.key,
        status_category=standing.category,
        priority=problems.check(priority, level_of, priority),
        rank=rank,
        type=project.types[0].key
        if task_type is None
        else problems.check(task_type, known_type, project.types, task_type),
        assignee_ids=problems.check((), checked_assignees, assignee_ids, limits),
        due_date=due_date,
        due_all_day=due_all_day,
        start_date=start_date,
        estimate=problems.check(estimate, checked_estimate, estimate),
        tags=problems.check((), checked_tags, tags, limits) if tags else (),
        fields=problems.check({}, first_fields, project, standing, fields or {}, limits)
        if fields or project.fields
        else {},
        external_id=problems.check(external_id, _checked_external_id, external_id, limits),
        parent_task_id=parent_task_id,
    )
    problems.raise_any()
    return (event,)


def require_not_trashed(task: Task) -> None:
    if task.trashed:
        raise Refused(Kind.TRASHED, "The task is in the trash; restore it first.")


def retitle(task: Task, title: str, limits: Limits) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if checked_title(title, limits) == task.title:
        return ()
    return (TaskRetitled(title=title, was=task.title),)


def describe(task: Task, description: str, limits: Limits) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if checked_description(description, limits) == task.description:
        return ()
    return (TaskDescribed(description=description),)


def assign(task: Task, assignee_ids: Sequence[str], limits: Limits) -> tuple[TaskEvent, ...]:
    """Whether they may see the task is not known here."""
    require_not_trashed(task)
    assignees = checked_assignees(assignee_ids, limits)
    if assignees == task.assignee_ids:
        return ()
    return (TaskAssigned(assignee_ids=assignees, was=task.assignee_ids),)


def prioritise(task: Task, level: int) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if level_of(level) == task.priority:
        return ()
    return (TaskPrioritised(priority=level, was=task.priority),)


def set_due_date(
    task: Task, due_date: datetime | None, all_day: bool = False
) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if (due_date, all_day) == (task.due_date, task.due_all_day):
        return ()
    return (
        TaskDueDateChanged(
            due_date=due_date,
            due_all_day=all_day,
            was=task.due_date,
            was_all_day=task.due_all_day,
        ),
    )


def set_start_date(task: Task, start_date: datetime | None) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if start_date == task.start_date:
        return ()
    return (TaskStartDateChanged(start_date=start_date, was=task.start_date),)


def set_estimate(task: Task, estimate: float | None) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if checked_estimate(estimate) == task.estimate:
        return ()
    return (TaskEstimateChanged(estimate=estimate, was=task.estimate),)


def change_type(task: Task, task_type: str, types: Sequence[TaskType]) -> tuple[TaskEvent, ...]:
    """A type that the project has no more may be sent back as it is."""
    require_not_trashed(task)
    if task_type == task.type:
        return ()
    key = known_type(types, task_type)
    return (TaskTypeChanged(type=key, was=task.type),) if key != task.type else ()


def tag(
    task: Task, tags: Sequence[str], limits: Limits, shown: Sequence[str] | None = None
) -> tuple[TaskEvent, ...]:
    """`shown` are those of its present tags that count, where they are not all."""
    require_not_trashed(task)
    once = checked_tags(tags, limits)
    if once in (task.tags, shown):
        return ()
    return (TaskTagged(tags=once, was=task.tags),)


def change_fields(
    task: Task,
    definitions: Sequence[FieldDefinition],
    changes: Mapping[str, object],
    limits: Limits,
    required: Collection[str] = (),
) -> tuple[TaskEvent, ...]:
    """Only the fields named; None clears one, but none of those `required` where the task stands.
    A field that the project has no more may be sent back as it is. Where several people wrote
    what changes, it is an event for each of them."""
    require_not_trashed(task)
    new = {key: value for key, value in changes.items() if not _stands(task, key, value)}
    checked = given_fields(definitions, new, limits)
    changed = {key: value for key, value in checked.items() if value != task.fields.get(key)}
    if not changed:
        return ()
    _require_filled(changed, (key for key in required if key in changed), task.status)
    _require_small({**task.fields, **changed}, limits)
    return fields_changed(task.fields, task.field_authors, changed)


def required_fields(task: Task, project: Project) -> tuple[str, ...]:
    """The keys of the custom fields that the task must have where it stands."""
    status = status_at(project.workflow, task.status)
    return () if status is None else required_in(project.fields, project.workflow, status)


def fields_changed(
    present: Mapping[str, FieldValue],
    authors: Mapping[str, str],
    changed: Mapping[str, FieldValue],
) -> tuple[TaskFieldsChanged, ...]:
    """An event for each person who wrote what stood there (`authors`, by key), since what each
    one wrote is sealed under their own key. Where nothing stood, there is nobody's text to seal:
    it goes with the first."""
    first = next((authors[key] for key in changed if key in authors), None)
    of = {key: authors.get(key, first) for key in changed}
    return tuple(
        TaskFieldsChanged(
            fields={key: value for key, value in changed.items() if of[key] == author},
            was={key: present.get(key) for key in changed if of[key] == author},
        )
        for author in dict.fromkeys(of.values())
    )


def change_status(
    task: Task, project: Project, status: str, rank: str, facts: MoveFacts = NO_FACTS
) -> tuple[TaskEvent, ...]:
    """To a status by key or name, along the workflow's moves and past their guards; the card
    lands at `rank`. `facts` are those of the one move where it may happen, and of all moves from
    here where it may not: a refusal says what is allowed, and why the rest is not."""
    require_not_trashed(task)
    target = known_status(project.workflow, status)
    if target.key == task.status:
        return ()
    refusal = refusal_of(task, project, target, facts)
    if refusal is not None:
        raise explained(refusal, task, target.key, ways_from(task, project, facts))
    return (entered(task, target, rank),)


def move_back(
    task: Task,
    project: Project,
    status: str,
    rank: str,
    facts: MoveFacts = NO_FACTS,
    completed_at: datetime | None = None,
) -> tuple[TaskEvent, ...]:
    """Back to a status, by key, a rank and a completion that it had: taking a move back is no
    move of the workflow's own, but the guards that lead there hold (`guards_back`)."""
    require_not_trashed(task)
    target = status_at(project.workflow, status)
    if target is None:
        raise Refused(
            Kind.NOT_UNDOABLE,
            f"This cannot be undone: the project has no status {status} any more.",
        )
    if target.key == task.status:
        return rerank(task, rank)
    refusal = refusal_back(task, project, target, facts)
    if refusal is not None:
        raise refusal
    return (evolved(entered(task, target, rank), completed_at=completed_at),)


def resettle(task: Task, status: Status) -> tuple[TaskEvent, ...]:
    """Where a changed workflow puts it, trashed or not: no move of the workflow's own."""
    if (status.key, status.category) == (task.status, task.status_category):
        return ()
    return (entered(task, status, task.rank),)


def rerank(task: Task, rank: str) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    if rank == task.rank:
        return ()
    return (TaskRanked(rank=rank, was=task.rank),)


def trash(task: Task, with_task_id: str | None = None) -> tuple[TaskEvent, ...]:
    """`with_task_id`: the task above it that takes it along."""
    return () if task.trashed else (TaskTrashed(with_task_id=with_task_id),)


def restore(task: Task, parent: Task | None = None) -> tuple[TaskEvent, ...]:
    """`parent`: the task directly above it, which does not stay in the trash."""
    if not task.trashed:
        return ()
    if parent is not None and parent.trashed:
        raise Refused(
            Kind.NOT_RESTORABLE,
            "The task above it is in the trash too; restore `restore_first` before this one.",
            restore_first=parent.trashed_with or parent.task_id,
        )
    return (TaskRestored(),)


def settle_blocked(task: Task, *, held: bool, because_of: Sequence[str]) -> tuple[TaskEvent, ...]:
    """`held`: something unfinished blocks it now; `because_of` are the tasks that made or unmade
    it so. In the trash or finished, it is blocked or free all the same."""
    if held == task.is_blocked:
        return ()
    because = tuple(because_of)
    return (TaskBlocked(blocked_by=because) if held else TaskUnblocked(freed_by=because),)


def link(event: DependencyGraphEvent) -> tuple[tuple[str, TaskEvent], ...]:
    """What an edge, or its removal, is to each of its two tasks."""
    ends = (
        (event.from_task_id, event.type, event.to_task_id),
        (event.to_task_id, COUNTERPARTS[event.type], event.from_task_id),
    )
    kind = TaskDependencyAdded if isinstance(event, DependencyAdded) else TaskDependencyRemoved
    return tuple(
        (own, kind(dependency_id=event.dependency_id, relation=relation, task_id=other))
        for own, relation, other in ends
    )


def make_recurring(task: Task, recurrence_id: str) -> tuple[TaskEvent, ...]:
    require_not_trashed(task)
    return (TaskMadeRecurring(recurrence_id=recurrence_id, was=task.recurrence_id),)


def checked_estimate(estimate: float | None) -> float | None:
    if estimate is not None and not (isfinite(estimate) and 0 <= estimate <= _MOST_ESTIMATE):
        raise invalid("/estimate", "Must be a number from 0 to 1,000,000,000, or null.")
    return estimate


def checked_assignees(assignee_ids: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """Each once, in the order given."""
    once = tuple(dict.fromkeys(assignee_ids))
    if len(once) > limits.assignees:
        raise invalid("/assignee_ids", f"Must be at most {limits.assignees} people.", "too-many")
    return once


def first_fields(
    project: Project, status: Status, fields: Mapping[str, object], limits: Limits
) -> Mapping[str, FieldValue]:
    """The custom fields of a new task: those given, and defaults for those that are not named.
    Invalid also where one is left empty that its status requires."""
    given = given_fields(project.fields, fields, limits)
    unnamed = {key: each for key, each in defaults_of(project.fields).items() if key not in fields}
    whole = {**unnamed, **{key: each for key, each in given.items() if each is not None}}
    _require_filled(whole, required_in(project.fields, project.workflow, status), status.key)
    _require_small(whole, limits)
    return whole


def given_fields(
    definitions: Sequence[FieldDefinition], fields: Mapping[str, object], limits: Limits
) -> Mapping[str, FieldValue]:
    """Custom fields by key, each in its stored form; Invalid at the pointers of all that the
    project has not or that do not fit."""
    by_key = {definition.key: definition for definition in definitions}
    problems = Problems()
    checked: dict[str, FieldValue] = {}
    for key, value in fields.items():
        pointer = f"/fields/{pointer_token(key)}"
        definition = by_key.get(key)
        if definition is None:
            problems.add(invalid(pointer, "The project has no field with this key.", "unknown"))
        else:
            checked[key] = problems.check(None, checked_value, definition, value, limits, pointer)
    problems.raise_any()
    _require_small(checked, limits)
    return checked


def _require_filled(fields: Mapping[str, FieldValue], required: Iterable[str], status: str) -> None:
    problems = [
        Problem(
            f"/fields/{pointer_token(key)}",
            "required",
            f"The project requires this field in the status {status}.",
        )
        for key in required
        if fields.get(key) in (None, "", ())
    ]
    if problems:
        raise Invalid(*problems)


def _require_small(fields: Mapping[str, FieldValue], limits: Limits) -> None:
    texts = sum(len(value.encode()) for value in fields.values() if isinstance(value, str))
    if texts > limits.fields_bytes:
        raise invalid("/fields", f"Must be at most {limits.fields_bytes} bytes in all.", "too-long")


def _stands(task: Task, key: str, value: object) -> bool:
    present = task.fields.get(key)
    return present is not None and present == (tuple(value) if isinstance(value, list) else value)


def _checked_external_id(external_id: str | None, limits: Limits) -> str | None:
    if external_id is None:
        return None
    return optional_line(external_id, "/external_id", limits.title)


def entered(task: Task, status: Status, rank: str) -> TaskStatusChanged:
    """The task comes into a status and lands at `rank`, whatever led it there."""
    return TaskStatusChanged(
        status=status.key,
        category=status.category,
        was=task.status,
        was_category=task.status_category,
        rank=rank,
    )
