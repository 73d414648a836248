"""A task is due to the second, said once to be held, and kept by what and whom it concerns."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.custody.events import HoldLifted, HoldLiftProposed, HoldProposed, HoldSet
from domain.custody.state import CUSTODY
from domain.errors import Invalid, Kind
from domain.project.events import ProjectRetentionChanged
from domain.retention.decisions import (
    change_retention,
    holds_on,
    is_due,
    note_held,
    people,
    purge,
)
from domain.retention.events import TaskPurgeHeld
from domain.retention.state import RETENTION, retention_of
from domain.task.events import TaskPurged, TaskTrashed
from domain.task.state import Task
from tests.domain.examples import project_of, task_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, PROJECT_ID, START, TASK_ID, given

SECOND = timedelta(seconds=1)
KEYS = {"proj_2": "OPS"}


def trashed(**changes: Any) -> Task:
    task: Task = task_of(TaskTrashed()).state
    return replace(task, **changes)


def held_by(task: Task, *lifting: object, commented: tuple[str, ...] = (), **on: Any) -> bool:
    """Whether one hold, which stands, keeps the task."""
    proposed = HoldProposed(hold_id="hold_1", why="Case 7", **on)
    custody = given(CUSTODY, "custody_1", proposed, HoldSet(hold_id="hold_1"), *lifting).state
    found = holds_on(custody, task, commented=commented, project_keys=KEYS)
    return [hold.hold_id for hold in found] == ["hold_1"]


def test_the_time_is_over_to_the_second() -> None:
    task = trashed()
    project = replace(project_of().state, trash_days=30)
    assert task.trashed_at is not None
    over = task.trashed_at + timedelta(days=30)
    assert [is_due(task, project, at) for at in (over - SECOND, over)] == [False, True]
    assert not is_due(task, replace(project, trash_days=None), over)
    assert not is_due(trashed(trashed_at=None), project, over)


def test_only_what_is_in_the_trash_goes_and_once() -> None:
    task_of(TaskTrashed()).when(purge, trash_days=30).then(TaskPurged(trash_days=30))
    task_of(TaskTrashed(), TaskPurged()).when(purge).then()
    task_of().when(purge).refused(Kind.NOT_TRASHED, task_id=TASK_ID)


@pytest.mark.parametrize("days", [0, -1, LIMITS.trash_days + 1])
def test_days_have_bounds(days: int) -> None:
    with pytest.raises(Invalid) as wrong:
        change_retention(project_of().state, days, LIMITS)
    assert wrong.value.problems[0].pointer == "/trash_days"


def test_the_same_days_again_change_nothing() -> None:
    for days in (1, LIMITS.trash_days):
        changed = ProjectRetentionChanged(trash_days=days, was=None)
        after = project_of().when(change_retention, days, LIMITS).then(changed)
        assert (after.trash_days, change_retention(after, days, LIMITS)) == (days, ())
        assert change_retention(after, None, LIMITS) == (
            ProjectRetentionChanged(trash_days=None, was=days),
        )


def test_a_hold_on_a_person_keeps_what_concerns_them() -> None:
    task = trashed(assignee_ids=(), creator_id=ANN, title_author=ANN, description_author=ANN)
    task = replace(task, updated_by=ANN, field_authors={})
    assert (held_by(task, user_id=ANN), held_by(task, user_id=EVE)) == (True, False)
    assert held_by(task, user_id=EVE, commented=(EVE,))
    for concerned in (
        {"assignee_ids": (BOB, EVE)}, {"title_author": EVE}, {"description_author": EVE},
        {"updated_by": EVE}, {"field_authors": {"size": EVE}}, {"creator_id": EVE},
    ):  # fmt: skip
        assert held_by(replace(task, **concerned), user_id=EVE), concerned
    assert people(task) == {ANN}


def test_a_hold_on_a_project_keeps_what_is_or_was_there() -> None:
    assert held_by(trashed(), project_id=PROJECT_ID)
    assert not held_by(trashed(), project_id="proj_2")
    assert held_by(trashed(former_keys=("WEB-1", "OPS-12")), project_id="proj_2")
    assert not held_by(trashed(former_keys=("OPSX-12",)), project_id="proj_2")


@pytest.mark.parametrize(
    ("since", "until", "kept"),
    [
        (None, START, False),
        (None, START + SECOND, True),
        (START + 9 * SECOND, None, True),
        (START + 10 * SECOND, None, False),
        (START + 2 * SECOND, START + 3 * SECOND, True),
    ],
)
def test_a_hold_on_a_period_keeps_what_was_there_at_some_time_of_it(
    since: datetime | None, until: datetime | None, kept: bool
) -> None:
    """It was made at the start and went to the trash nine seconds later."""
    task = trashed(created_at=START, trashed_at=START + 9 * SECOND)
    assert held_by(task, since=since, until=until) is kept


def test_a_hold_keeps_until_it_is_lifted() -> None:
    lifting = HoldLiftProposed(hold_id="hold_1")
    assert held_by(trashed(), lifting, project_id=PROJECT_ID)
    assert not held_by(trashed(), lifting, HoldLifted(hold_id="hold_1"), project_id=PROJECT_ID)
    assert holds_on(None, trashed(), project_keys=KEYS) == []


def test_what_is_held_is_said_once_for_each_set_of_holds() -> None:
    def holds(*ids: str) -> Any:
        proposed = [HoldProposed(hold_id=each, why="Case 7", user_id=EVE) for each in ids]
        return given(CUSTODY, "custody_1", *proposed).state.holds.values()

    task = trashed()
    said = TaskPurgeHeld(task_id=TASK_ID, project_id=PROJECT_ID, hold_ids=("a", "b"))
    assert note_held(task, None, holds("b", "a")) == (said,)
    kept = given(RETENTION, retention_of(TASK_ID), said).state
    assert note_held(task, kept, holds("a", "b")) == ()
    other = replace(said, hold_ids=("a",))
    assert note_held(task, kept, holds("a")) == (other,)
    assert given(RETENTION, retention_of(TASK_ID), said, other).state.hold_ids == ("a",)
