"""What may happen to a series of recurring tasks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import Kind
from domain.recurrence import decisions
from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)
from domain.recurrence.state import RECURRENCE
from tests.domain.given import START, TASK_ID, Case, given

SERIES = "rec_00000000000000000000000001"
SECOND = "task_00000000000000000000000002"
WEEK = timedelta(days=7)


def weekly(**other: Any) -> Case[Any]:
    described = {"rule": "FREQ=WEEKLY", "time_zone": "UTC", "basis": "completion", **other}
    started = decisions.start(TASK_ID, first=START, all_day=False, **described)
    return given(RECURRENCE, SERIES, *started)


def due_next(case: Case[Any], finished_at: datetime | None = None) -> datetime | None:
    return decisions.due_next(case.state, finished_at)


def test_a_series_begins_with_its_task_and_knows_the_next_date() -> None:
    (started,) = weekly().events
    assert started == RecurrenceStarted(
        task_id=TASK_ID,
        rule="FREQ=WEEKLY",
        time_zone="UTC",
        basis="completion",
        first=START,
        all_day=False,
        next_at=START + WEEK,
    )


def test_a_series_needs_a_rule_that_comes_round() -> None:
    described = {"time_zone": "UTC", "basis": "schedule", "first": START, "all_day": False}
    given(RECURRENCE, SERIES).when(
        lambda _: decisions.start(TASK_ID, rule="FREQ=DAILY;COUNT=1", **described)
    ).invalid("/rule")


def test_a_basis_is_one_of_two_and_a_zone_is_known() -> None:
    described = {"rule": "FREQ=WEEKLY", "first": START, "all_day": False}
    for wrong, place in (
        ({"time_zone": "UTC", "basis": "mood"}, "/basis unknown"),
        ({"time_zone": "Mars", "basis": "schedule"}, "/time_zone"),
    ):
        given(RECURRENCE, SERIES).when(
            lambda _, wrong=wrong: decisions.start(TASK_ID, **described, **wrong)
        ).invalid(place)


def test_the_end_of_a_whole_day_stays_one_across_a_change_of_clocks() -> None:
    """In Paraguay's zone clocks went back at midnight: the last hour came twice."""
    first = datetime(2024, 3, 23, 2, 59, 59, tzinfo=UTC)
    later = datetime(2024, 3, 24, 3, 59, 59, tzinfo=UTC)
    described = {"rule": "FREQ=DAILY", "time_zone": "America/Asuncion", "basis": "schedule"}
    started = decisions.start(TASK_ID, first=first, all_day=True, **described)
    assert started[0].next_at == later
    before = decisions.start(TASK_ID, first=first - timedelta(days=1), all_day=True, **described)
    series = given(RECURRENCE, SERIES, *before)
    (made,) = decisions.follow(series.state, SECOND, first)
    assert (made.next_at, made.ordinal) == (later, 2)


def test_finished_when_it_was_due_nothing_has_passed() -> None:
    """The rule has come to its end, and what it said of the next task holds."""
    case = weekly(rule="FREQ=WEEKLY;COUNT=2")
    assert due_next(case, START) == START + WEEK
    assert due_next(case, START + 2 * WEEK) is None


def test_finished_early_the_next_is_due_as_the_rule_says() -> None:
    assert due_next(weekly(), START - timedelta(days=3)) == START + WEEK


def test_finished_late_what_has_passed_is_left_out() -> None:
    assert due_next(weekly(), START + 3 * WEEK + timedelta(days=1)) == START + 4 * WEEK


def test_by_the_schedule_nothing_is_left_out() -> None:
    assert due_next(weekly(basis="schedule")) == START + WEEK


def test_after_its_last_occurrence_a_series_is_over() -> None:
    case = weekly(rule="FREQ=WEEKLY;COUNT=2")
    after = case.when(decisions.follow, SECOND, START + WEEK).then(
        OccurrenceMade(
            task_id=SECOND,
            ordinal=2,
            due_at=START + WEEK,
            next_at=None,
            was=TASK_ID,
            was_due_at=START,
        )
    )
    assert not after.goes_on
    assert decisions.due_next(after) is None


def test_a_withdrawn_task_can_be_made_anew() -> None:
    case = weekly()
    made = decisions.follow(case.state, SECOND, START + WEEK)
    twice = given(RECURRENCE, SERIES, *case.events, *made)
    after = twice.when(decisions.withdraw, TASK_ID, START, SECOND).then(
        OccurrenceWithdrawn(task_id=TASK_ID, due_at=START, next_at=START + WEEK, was=SECOND)
    )
    assert (after.task_id, after.ordinal, after.due_at) == (TASK_ID, 1, START)
    assert decisions.due_next(after) == START + WEEK


def test_only_the_last_task_can_be_withdrawn() -> None:
    refusal = weekly().when(decisions.withdraw, TASK_ID, START, SECOND)
    refusal.refused(Kind.NOT_UNDOABLE, changed_since=[{"field": "recurrence", "position": 1}])


def test_ending_twice_changes_nothing_and_resuming_goes_on() -> None:
    case = weekly()
    ended = RecurrenceEnded(task_id=TASK_ID, reason="stopped")
    case.when(decisions.end, "stopped").then(ended)
    over = given(RECURRENCE, SERIES, *case.events, ended)
    over.when(decisions.end, "stopped").nothing()
    after = over.when(decisions.resume).then(RecurrenceResumed(task_id=TASK_ID, was="stopped"))
    assert after.goes_on


def test_changing_to_what_stands_changes_nothing() -> None:
    weekly().when(
        decisions.change,
        rule="freq=weekly",
        time_zone="UTC",
        basis="completion",
        first=START,
        all_day=False,
    ).nothing()


def test_a_changed_rule_counts_from_the_last_task() -> None:
    later = START + timedelta(days=1)
    weekly().when(
        decisions.change,
        rule="FREQ=MONTHLY",
        time_zone="Europe/Berlin",
        basis="schedule",
        first=later,
        all_day=False,
    ).then(
        RecurrenceChanged(
            task_id=TASK_ID,
            rule="FREQ=MONTHLY",
            time_zone="Europe/Berlin",
            basis="schedule",
            first=later,
            all_day=False,
            next_at=datetime(2026, 4, 2, 8, tzinfo=UTC),  # 10 in the morning, summer time
            was_rule="FREQ=WEEKLY",
            was_time_zone="UTC",
            was_basis="completion",
            was_first=START,
        )
    )
