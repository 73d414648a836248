"""The next task of a series: made when the last one is finished, or when the clock says so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from commands.ports import Descendant
from commands.task.copying import copy_of, record_copy
from commands.task.tree import below, states_below
from commands.work import Work
from domain.errors import invalid
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
    """It says what the last one says now, with what stands below that in the same project, and
    begins where the workflow begins. A series whose last task is in the trash, or whose project is
    archived, ends instead. Raises Invalid where too much stands below it, and Refused where the
    project requires what has no value and no default."""
    project = await work.load(PROJECT, task.project_id)
    if task.trashed or project is None:
        _end(work, series, "task-trashed")
        return
    if project.archived:
        _end(work, series, "project-archived")
        return
    await work.load(WORKSPACE, project.workspace_id)
    was_due = task.due_date or series.due_at
    move = partial(moved_along, was=was_due, becomes=due_at, time_zone=series.time_zone)
    (created, authors), *rest = copy_of(work, task, project, task.parent_task_id)
    assert isinstance(created, TaskCreated)  # a task begins with it
    first = replace(
        created,
        due_date=due_at,
        due_all_day=series.all_day,
        start_date=move(task.start_date),
        recurrence_id=series.recurrence_id,
    )
    copies = {task.task_id: record_copy(work, project, ((first, authors), *rest))}
    for each in await _with_it(work, task):
        assert each.parent_task_id is not None  # it stands below the task
        (created, authors), *rest = copy_of(
            work, each, project, copies[each.parent_task_id], nth=len(copies)
        )
        assert isinstance(created, TaskCreated)
        moved = replace(created, due_date=move(each.due_date), start_date=move(each.start_date))
        copies[each.task_id] = record_copy(work, project, ((moved, authors), *rest))
    events = follow(series, copies[task.task_id], due_at)
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *events)


async def _with_it(work: Work, task: Task) -> Sequence[Task]:
    """What comes again below a task: all that is not in the trash and stands in its own project,
    each after the one that it stands below. What stands elsewhere is left: who may make tasks
    there is another question, and the clock asks for nobody."""
    known = {task.task_id}
    chosen: list[Descendant] = []
    for each in await below(work, task):
        if each.parent_task_id in known and each.project_id == task.project_id and not each.trashed:
            known.add(each.task_id)
            chosen.append(each)
    most = work.limits.template_tasks
    if len(chosen) >= most:
        raise invalid(
            "",
            f"A task that comes again has at most {most - 1} subtasks, on all levels; move some of"
            " them elsewhere, or end the series.",
            "too-many",
        )
    return await states_below(work, chosen)


def _end(work: Work, series: Recurrence, reason: str) -> None:
    events = end(series, reason)
    work.record(RECURRENCE, series.workspace_id, series.recurrence_id, *events)
