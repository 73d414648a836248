"""Intervals of fields: they say of every task what its folded states said, one after the other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings

from domain.task.events import (
    TaskAssigned,
    TaskFieldsChanged,
    TaskRecordImported,
    TaskStatusChanged,
)
from domain.values.text import ERASED
from projections.intervals import (
    BEGINS_WITH,
    CHOICES,
    FIELD,
    HELD,
    INTERVALS_VIEW,
    LASTS,
    begins_with,
    made_by,
    made_with,
)
from tests.projections.history import BEGAN, History, made_id
from tests.projections.memory import folded
from tests.projections.naive_past import Stay, held, stays
from tests.projections.strategies import histories

CUSTOM = [f"{kind}{key}" for kind in (FIELD, CHOICES) for key in ("@", "name", "x")]
FIELDS = ("status", *BEGINS_WITH, *CUSTOM)


def rows_of(stored: Mapping[str, Any], task_id: str, field: str) -> list[dict[str, Any]]:
    """All that is said of a field: intervals, and what the task was made with and still holds."""
    rows = [row for key, row in stored["intervals"].items() if key[:2] == (task_id, field)]
    made = stored["made"].get((task_id,))
    if made is None or field not in HELD:
        return rows
    named = made_with(made["workspace_id"], field, "")
    values = {each.removeprefix(named) for each in made["held"] if each.startswith(named)}
    values -= {row["value"] for row in rows if row["since_made"]}
    ends = {"since_made": True, "to_position": LASTS, "to_at": None, "to_by": None}
    return [*rows, *({**made, **ends, "value": value} for value in values)]


def told(rows: list[dict[str, Any]]) -> set[Stay]:
    return {
        Stay(
            row["value"],
            row["from_at"],
            row["from_by"],
            row["since_made"],
            row["from_position"],
            row["to_at"],
            row["to_by"],
            row["to_position"] or None,
        )
        for row in rows
    }


@given(past=histories())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_are_what_the_states_held_one_after_the_other(past: History) -> None:
    stored = folded(INTERVALS_VIEW, [past.events]).stored
    tasks = [stream for stream in past.states if stream.startswith("task_")]
    for task_id in tasks:
        for field in FIELDS:
            rows = rows_of(stored, task_id, field)
            expected = stays(past, task_id, field)
            if past.state_of(task_id).purged:
                assert rows == [], (task_id, field)
            elif rows:
                assert told(rows) == set(expected), (task_id, field)
            else:  # it never changed, and holds what goes without saying
                assert all(each.made for each in expected), (task_id, field)
                values = {each.value for each in expected}
                assert begins_with(field) is None or {begins_with(field)} == values
                assert held(past.state_of(task_id), field) == values
        assert past.state_of(task_id).purged or (task_id,) in stored["made"]


def test_a_task_that_never_changed_has_one_row() -> None:
    past = History()
    ada, ws = made_id("user", 1), past.workspace(1)
    task_id = past.task(1, past.project(1, ws), priority=1, assignee_ids=(ada,), tags=("a", "b"))
    stored = folded(INTERVALS_VIEW, [past.events]).stored
    assert stored["intervals"] == {}
    assert list(stored["made"]) == [(task_id,)]
    held = [
        ("status", "todo"),
        ("assignee", ada),
        ("label", "a"),
        ("label", "b"),
        ("priority", "1"),
    ]
    named = {made_with(ws, field, value) for field, value in held}
    assert set(stored["made"][task_id,]["held"]) == {made_by(ws, ada), *named}


def test_of_several_values_that_a_task_was_made_with_only_those_that_end_get_rows() -> None:
    past = History()
    ada, bob, eve = (made_id("user", number) for number in (1, 2, 3))
    task_id = past.task(1, past.project(1, past.workspace(1)), assignee_ids=(ada, bob))
    past.change(task_id, TaskAssigned(assignee_ids=(ada, eve), was=(ada, bob)))
    stored = folded(INTERVALS_VIEW, [[each] for each in past.events]).stored
    rows = [(key[2], bool(key[3])) for key in stored["intervals"] if key[1] == "assignee"]
    assert sorted(rows) == [(bob, True), (eve, False)]
    stood = {row["value"] for row in rows_of(stored, task_id, "assignee") if not row["to_position"]}
    assert stood == {ada, eve}


def test_of_a_long_text_the_beginning_is_kept_and_of_an_erased_one_nothing() -> None:
    past = History()
    task_id = past.task(1, past.project(1, past.workspace(1)), fields={"note": "old"})
    long = "x" * 5_000
    past.change(task_id, TaskFieldsChanged(fields={"note": long}, was={"note": "old"}))
    past.change(task_id, TaskFieldsChanged(fields={"note": "new"}, was=ERASED))
    past.change(task_id, TaskFieldsChanged(fields=ERASED, was=ERASED))
    stored = folded(INTERVALS_VIEW, [[each] for each in past.events]).stored["intervals"]
    stood = {key[2]: bool(key[3]) for key in stored if key[1] == "fields.note"}
    assert stood == {"old": True, "x" * 200: True, "new": False}


def test_what_a_record_changed_is_its_persons() -> None:
    past = History()
    task_id = past.task(1, past.project(1, past.workspace(1)))
    importer, person, at = made_id("user", 1), made_id("user", 7), BEGAN - timedelta(days=9)
    record = TaskRecordImported(
        source="xes", ordinal=1, status="Done", was=None, activity=None, lifecycle=None,
        resource_id=person, resource=None, attributes={},
    )  # fmt: skip
    moved = TaskStatusChanged(
        status="done", category="done", was="todo", was_category="todo", rank="h"
    )
    back = TaskStatusChanged(
        status="todo", category="todo", was="done", was_category="done", rank="h"
    )
    past.change(task_id, record, occurred_at=at, command_id="a")
    past.change(task_id, moved, occurred_at=at, command_id="a")
    past.change(task_id, back, occurred_at=at, command_id="b")
    stored = folded(INTERVALS_VIEW, [[each] for each in past.events]).stored["intervals"]
    (done,) = [row for key, row in stored.items() if key[1:3] == ("status", "done")]
    assert (done["from_by"], done["to_by"], done["from_at"]) == (person, importer, at)
    assert done["from_recorded"] > at
