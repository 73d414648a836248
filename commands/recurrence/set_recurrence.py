"""Let a task come again, or change when it does."""

from dataclasses import dataclass
from datetime import datetime

from commands.people import time_zone_of
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import moment_given, open_task, record
from commands.work import Work
from domain.errors import Kind, Refused, invalid
from domain.recurrence import decisions
from domain.recurrence.events import RecurrenceChanged, RecurrenceStarted
from domain.recurrence.state import RECURRENCE, Recurrence
from domain.task import decisions as tasks
from domain.task.events import TaskDueDateChanged, TaskMadeRecurring
from domain.task.state import Task
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecurrence:
    """`rule` is one of RFC 5545; `basis`: the next task is made when this one is finished
    (`completion`) or falls due (`schedule`). `due_date` is when this one is due, by default as it
    stands; `time_zone` by default the caller's."""

    task_id: str
    rule: str
    time_zone: str | None = None
    basis: str = "completion"
    due_date: str | None = None


async def set_recurrence(command: SetRecurrence, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    tasks.require_not_trashed(task)
    first, all_day = await _due(command, task, work)
    time_zone = command.time_zone or await time_zone_of(work)
    series = await series_of(work, task)
    if series is not None and series.goes_on and series.task_id != task.task_id:
        raise Refused(
            Kind.ALREADY_EXISTS,
            f"A later task continues this series; change it there: {series.task_id}.",
            field="recurrence",
        )
    record(work, task, tasks.set_due_date(task, first, all_day))
    if series is not None and series.goes_on:
        events = decisions.change(
            series,
            rule=command.rule,
            time_zone=time_zone,
            basis=command.basis,
            first=first,
            all_day=all_day,
        )
        work.record(RECURRENCE, task.workspace_id, series.recurrence_id, *events)
        return series.recurrence_id
    events = decisions.start(
        task.task_id,
        rule=command.rule,
        time_zone=time_zone,
        basis=command.basis,
        first=first,
        all_day=all_day,
    )
    recurrence_id = work.new_id("rec")
    work.record(RECURRENCE, task.workspace_id, recurrence_id, *events)
    record(work, task, tasks.make_recurring(task, recurrence_id))
    return recurrence_id


async def series_of(work: Work, task: Task) -> Recurrence | None:
    """The series that a task is of, ended or not."""
    if task.recurrence_id is None:
        return None
    return await work.load(RECURRENCE, task.recurrence_id)


async def _due(command: SetRecurrence, task: Task, work: Work) -> tuple[datetime, bool]:
    due_date, all_day = await moment_given(
        work, command.due_date, end_of_day=True, pointer="/due_date"
    )
    if due_date is not None:
        return due_date, all_day or (task.due_all_day and due_date == task.due_date)
    if task.due_date is None:
        raise invalid("/due_date", "The task has no due date; say when it is due.", "required")
    return task.due_date, task.due_all_day


SET_RECURRENCE = CommandSpec(
    command=SetRecurrence,
    handler=set_recurrence,
    permission=OnTask(Right.EDIT_TASKS),
    events=(RecurrenceStarted, RecurrenceChanged, TaskMadeRecurring, TaskDueDateChanged),
    route="PUT /tasks/{id}/recurrence",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
