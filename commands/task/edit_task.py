"""Change what a task says: title, description, type, start date, estimate, custom fields."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import moment_given, open_task, record, require_people_of_fields
from commands.work import Work
from domain.task import decisions
from domain.task.events import (
    TaskDescribed,
    TaskEstimateChanged,
    TaskEvent,
    TaskFieldsChanged,
    TaskRetitled,
    TaskStartDateChanged,
    TaskTypeChanged,
)
from domain.values.frozen import dataclass
from domain.values.text_rules import Problems
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTask:
    """What is left out stays; None clears. Of `fields` only those named change."""

    task_id: str
    title: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    start_date: str | UnsetType | None = UNSET
    estimate: float | UnsetType | None = UNSET
    fields: Mapping[str, object] | UnsetType = UNSET


async def edit_task(command: EditTask, work: Work) -> str:
    task, project = open_task(work, command.task_id)
    problems = Problems()
    changes: list[TaskEvent] = []
    if command.title is not UNSET:
        changes += problems.check((), decisions.retitle, task, command.title, work.limits)
    if command.description is not UNSET:
        text = command.description or ""
        changes += problems.check((), decisions.describe, task, text, work.limits)
    if command.type is not UNSET:
        changes += problems.check((), decisions.change_type, task, command.type, project.types)
    if command.start_date is not UNSET:
        start_date, _ = await moment_given(
            work, command.start_date, end_of_day=False, pointer="/start_date"
        )
        changes += decisions.set_start_date(task, start_date)
    if command.estimate is not UNSET:
        changes += problems.check((), decisions.set_estimate, task, command.estimate)
    if command.fields is not UNSET:
        required = decisions.required_fields(task, project)
        changes += problems.check(
            (), decisions.change_fields, task, project.fields, command.fields, work.limits, required
        )
        new = {key: each for key, each in command.fields.items() if each != task.fields.get(key)}
        problems.check(None, require_people_of_fields, work, project, new)
    problems.raise_any()
    record(work, task, changes)
    return task.task_id


EDIT_TASK = CommandSpec(
    command=EditTask,
    handler=edit_task,
    permission=OnTask(Right.EDIT_TASKS),
    events=(
        TaskRetitled,
        TaskDescribed,
        TaskTypeChanged,
        TaskStartDateChanged,
        TaskEstimateChanged,
        TaskFieldsChanged,
    ),
    route="PATCH /tasks/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
