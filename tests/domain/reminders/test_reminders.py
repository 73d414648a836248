"""What the clock says of a task, once for each due date."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.reminders.decisions import remind
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.reminders.state import REMINDERS, Reminders, reminders_of
from domain.task.events import TaskTrashed
from tests.domain.examples import task_of
from tests.domain.given import PROJECT_ID, START, TASK_ID, given

DAY = timedelta(days=1)
DUE = START + 10 * DAY
MOMENT = timedelta(microseconds=1)
TASK = task_of(due_date=DUE, due_all_day=True)
NEARED, PASSED = (
    kind(task_id=TASK_ID, project_id=PROJECT_ID, due_date=DUE, due_all_day=True)
    for kind in (TaskDueDateNeared, TaskDueDatePassed)
)


def said(*events: object) -> Reminders | None:
    state: Any = given(REMINDERS, reminders_of(TASK_ID), *events).state
    return state


def reminded(now: datetime, *before: object, task: Any = TASK.state) -> tuple[Any, ...]:
    return remind(task, said(*before), now, DAY)


def test_a_task_is_due_soon_and_then_overdue():
    assert reminded(DUE - DAY - MOMENT) == ()
    assert reminded(DUE - DAY) == (NEARED,)
    assert reminded(DUE - MOMENT, NEARED) == ()
    assert reminded(DUE, NEARED) == (PASSED,)
    assert reminded(DUE + DAY, NEARED, PASSED) == ()


def test_what_passed_unannounced_is_overdue_and_not_due_soon_any_more():
    assert reminded(DUE + DAY) == (PASSED,)
    assert reminded(DUE - MOMENT, PASSED) == (), "a clock that went back"


def test_another_due_date_is_said_anew():
    later = replace(TASK.state, due_date=DUE + DAY)
    assert reminded(DUE, NEARED, PASSED, task=later) == (replace(NEARED, due_date=DUE + DAY),)
    assert reminded(DUE + DAY, NEARED, PASSED, task=later) == (replace(PASSED, due_date=DUE + DAY),)


@pytest.mark.parametrize(
    "task",
    [
        task_of().state,
        task_of(TaskTrashed(), due_date=DUE).state,
        task_of(due_date=DUE, status="done").state,
        task_of(due_date=DUE, status="cancelled").state,
    ],
    ids=["without a due date", "in the trash", "done", "cancelled"],
)
def test_of_some_tasks_nothing_is_said(task: Any):
    assert reminded(DUE, task=task) == reminded(DUE - DAY, task=task) == ()


def test_the_clock_remembers_of_which_date_it_said_what():
    assert reminders_of("task_1") == "due_1"
    state = said(NEARED)
    assert state is not None
    assert (state.neared, state.passed) == (DUE, None)
    state = said(NEARED, replace(PASSED, due_date=START), object())
    assert state is not None
    assert (state.neared, state.passed, state.version) == (DUE, START, 3)
    assert said(object()) is None
