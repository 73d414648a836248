"""Let a task come again, or change when it does."""

from datetime import datetime
from zoneinfo import ZoneInfo

from commands.people import time_zone_of
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task, record
from commands.work import Work
from domain.errors import Kind, Refused, invalid
from domain.recurrence import decisions
from domain.recurrence.events import RecurrenceChanged, RecurrenceStarted
from domain.recurrence.state import RECURRENCE, Recurrence
from domain.task import decisions as tasks
from domain.task.events import TaskDueDateChanged, TaskMadeRecurring
from domain.task.state import Task
from domain.values.frozen import dataclass
from domain.values.moment import checked_time_zone, day_or_moment, written
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
    own_zone = await time_zone_of(work)
    time_zone = checked_time_zone(command.time_zone or own_zone)
    series = await series_of(work, task)
    calendar = own_zone
    if series is not None and (series.task_id, series.due_at) == (task.task_id, task.due_date):
        calendar = series.time_zone  # by whose clock its day was told
    first, all_day = _due(command, task, calendar, time_zone)
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


def _due(
    command: SetRecurrence, task: Task, calendar: str, time_zone: str
) -> tuple[datetime, bool]:
    """When the task is due, and whether that is a whole day: then the one that it is in the zone
    `calendar`, with its end by the clock that the series goes by."""
    text = command.due_date
    if text is None:
        if task.due_date is None:
            raise invalid("/due_date", "The task has no due date; say when it is due.", "required")
        text = written(task.due_date)
    due_date, all_day = day_or_moment(text, time_zone, end_of_day=True, pointer="/due_date")
    if not task.due_all_day or due_date != task.due_date:
        return due_date, all_day
    day = due_date.astimezone(ZoneInfo(calendar)).date().isoformat()
    return day_or_moment(day, time_zone, end_of_day=True, pointer="/due_date")


SET_RECURRENCE = CommandSpec(
    command=SetRecurrence,
    handler=set_recurrence,
    permission=OnTask(Right.EDIT_TASKS),
    events=(RecurrenceStarted, RecurrenceChanged, TaskMadeRecurring, TaskDueDateChanged),
    route="PUT /tasks/{id}/recurrence",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
