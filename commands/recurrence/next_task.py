"""The next task of a series: made when the last one is finished, or when the clock says so."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from commands.task.copying import copy_of, record_copy
from commands.work import Work
from domain.project.state import PROJECT
from domain.project.workflow import FINISHED
from domain.recurrence.decisions import due_next, end, follow
from domain.recurrence.events import OccurrenceMade, RecurrenceEnded
from domain.recurrence.rule import moved_along
from domain.recurrence.state import RECURRENCE, Recurrence
from domain.task.events import TaskCreated, TaskFieldsChanged, TaskStatusChanged
from domain.task.state import TASK, Task
from domain.workspace.state import WORKSPACE

# What a task that is finished may bring with it.
NEXT_TASK: Final = (TaskCreated, TaskFieldsChanged, OccurrenceMade, RecurrenceEnded)


async def go_on(work: Work, since: int) -> None:
    """After each task that was finished by what was recorded after the first `since` events, the
    next one of its series, where it goes on by completion. Of a task that is of no series nothing
    is looked up."""
    for new in work.events[since:]:
        match new.event:
            case TaskStatusChanged(category=category, was_category=was):
                task = work.peek(TASK, new.stream)
                finished = category in FINISHED and was not in FINISHED
                if finished and task is not None and task.recurrence_id is not None:
                    await _after(work, task, task.recurrence_id)


async def _after(work: Work, task: Task, recurrence_id: str) -> None:
    series = await work.load(RECURRENCE, recurrence_id)
    if series is None or series.basis != "completion" or series.task_id != task.task_id:
        return
    due_at = due_next(series, finished_at=work.now)
    if due_at is not None:
        await make_next(work, series, task, due_at)
    else:
        _end(work, series, "finished")


async def make_next(work: Work, series: Recurrence, task: Task, due_at: datetime) -> None:
    """It says what the last one says now, and begins where the workflow begins. A series whose
    last task is in the trash, or whose project is archived, ends instead."""
    project = await work.load(PROJECT, task.project_id)
    if task.trashed or project is None:
        _end(work, series, "task-trashed")
        return
    if project.archived:
        _end(work, series, "project-archived")
        return
    await work.load(WORKSPACE, project.workspace_id)
    was_due = task.due_date or series.due_at
    (created, authors), *rest = copy_of(work, task, project, task.parent_task_id)
    assert isinstance(created, TaskCreated)  # a task begins with it
    first = replace(
        created,
        due_date=due_at,
        due_all_day=series.all_day,
        start_date=moved_along(task.start_date, was_due, due_at, series.time_zone),
        recurrence_id=series.recurrence_id,
    )
    task_id = record_copy(work, project, ((first, authors), *rest))
    events = follow(series, task_id, due_at)
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *events)


def _end(work: Work, series: Recurrence, reason: str) -> None:
    events = end(series, reason)
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *events)
