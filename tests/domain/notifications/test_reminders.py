"""What the clock says of a task, and that it says it once of each date."""

from datetime import timedelta
from typing import Any

import pytest

from domain.reminders import decisions
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.reminders.state import REMINDERS, reminders_of
from domain.task.events import TaskDueDateChanged, TaskStatusChanged, TaskTrashed
from tests.domain.examples import task_of
from tests.domain.given import PROJECT_ID, START, TASK_ID, given

DUE, LEAD, SECOND = START + timedelta(days=9), timedelta(days=1), timedelta(seconds=1)


def of(kind: Any, due: Any = DUE) -> Any:
    return kind(task_id=TASK_ID, project_id=PROJECT_ID, due_date=due, due_all_day=True)


def dated(due: Any = DUE, *events: object) -> Any:
    change = TaskDueDateChanged(due_date=due, due_all_day=True, was=None, was_all_day=False)
    return task_of(change, *events)


def said(*events: object) -> Any:
    return given(REMINDERS, reminders_of(TASK_ID), *events).state


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (DUE - LEAD - SECOND, None),
        (DUE - LEAD, TaskDueDateNeared),
        (DUE - SECOND, TaskDueDateNeared),
        (DUE, TaskDueDatePassed),
        (DUE + 99 * LEAD, TaskDueDatePassed),
    ],
)
def test_each_is_said_in_its_time_and_not_again(now: Any, kind: Any):
    task = dated()
    if kind is None:
        task.when(decisions.remind, None, now, LEAD).nothing()
        return
    assert decisions.remind(task.state, None, now, LEAD) == (of(kind),)
    task.when(decisions.remind, said(of(kind)), now, LEAD).nothing()


def test_what_was_said_of_one_date_is_said_again_of_another():
    both = said(of(TaskDueDateNeared), of(TaskDueDatePassed))
    assert (both.neared, both.passed) == (DUE, DUE)
    later = DUE + 5 * LEAD
    task = dated(later).state
    assert decisions.remind(task, both, later - LEAD, LEAD) == (of(TaskDueDateNeared, later),)
    assert decisions.remind(task, both, later, LEAD) == (of(TaskDueDatePassed, later),)
    # A date that comes back after it was overdue is not near any more.
    dated().when(decisions.remind, said(of(TaskDueDatePassed)), DUE - SECOND, LEAD).nothing()
    assert decisions.remind(dated().state, said(of(TaskDueDateNeared)), DUE, LEAD) == (
        of(TaskDueDatePassed),
    )


@pytest.mark.parametrize("category", ["done", "cancelled"])
def test_nothing_is_said_of_what_is_finished_or_gone(category: str):
    moved = TaskStatusChanged(
        status=category, category=category, was="todo", was_category="todo", rank="b1"
    )
    for task in (dated(DUE, moved), dated(DUE, TaskTrashed()), task_of()):
        task.when(decisions.remind, None, DUE, LEAD).nothing()
