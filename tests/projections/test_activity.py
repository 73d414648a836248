"""Feeds: one entry for each changed field, with what was and what is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.project.events import ProjectMemberAdded, ProjectWorkflowChanged
from domain.project.workflow import Status
from domain.task.events import (
    TaskAssigned,
    TaskDescribed,
    TaskFieldsChanged,
    TaskPrioritised,
    TaskRecordImported,
    TaskRetitled,
    TaskStatusChanged,
)
from domain.values.recorded import Origin
from projections.activity import ACTIONS, ACTIVITY_VIEW
from tests.projections.history import History, columns, made_id, workflow
from tests.projections.memory import folded

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
ADA, BOB = made_id("user", 1), made_id("user", 2)


def newest_first(past: History) -> list[dict[str, Any]]:
    rows = folded(ACTIVITY_VIEW, [past.events]).stored["entries"]
    return [json.loads(rows[key]["doc"]) for key in sorted(rows, reverse=True)]


def a_task(**given: Any) -> tuple[History, str]:
    past = History()
    project_id = past.project(1, past.workspace(1))
    return past, past.task(1, project_id, **given)


def test_an_entry_has_the_shape_of_the_contract() -> None:
    past, task_id = a_task()
    past.change(
        task_id,
        TaskRetitled(title="New", was="Task 1"),
        actor=BOB,
        command_id="ab" * 16,
        origin=Origin(BOB, reason="because", causation_id="rule_1"),
        occurred_at=datetime(2011, 1, 1, tzinfo=UTC),
    )
    entry = newest_first(past)[0]
    assert entry.pop("id") == entry.pop("activity_id")
    assert entry == {
        "task_id": task_id,
        "entity_type": "task",
        "entity_id": task_id,
        "actor": {"user_id": BOB, "name": BOB},
        "action": "title_changed",
        "changes": {"field": "title", "old_value": "Task 1", "new_value": "New"},
        "command_id": "ab" * 16,
        "reason": "because",
        "caused_by": "rule_1",
        "timestamp": "2026-03-01T09:00:04Z",
        "occurred_at": "2011-01-01T00:00:00Z",
        "position": 4,
    }


def test_what_does_not_apply_is_left_out() -> None:
    past, _ = a_task()
    entry = newest_first(past)[0]
    assert entry["action"] == "task_created"
    assert not {"reason", "caused_by", "occurred_at", "record"} & set(entry)


def test_each_field_of_one_event_is_an_entry_and_the_first_stands_first() -> None:
    past, task_id = a_task()
    past.change(task_id, TaskFieldsChanged(fields={"a": 1, "b": None}, was={"a": None, "b": "x"}))
    first, second, *_ = newest_first(past)
    assert (first["changes"], second["changes"]) == (
        {"field": "fields.a", "old_value": None, "new_value": 1},
        {"field": "fields.b", "old_value": "x", "new_value": None},
    )
    assert first["id"] != second["id"]


def test_a_description_shows_what_stood_there_before() -> None:
    past, task_id = a_task(description="first")
    past.change(task_id, TaskDescribed(description="second"))
    past.change(task_id, TaskDescribed(description="third"))
    assert [entry["changes"] for entry in newest_first(past)[:2]] == [
        {"field": "description", "old_value": "second", "new_value": "third"},
        {"field": "description", "old_value": "first", "new_value": "second"},
    ]


def test_long_texts_are_cut() -> None:
    past, task_id = a_task()
    past.change(task_id, TaskDescribed(description="x" * 100_000))
    assert newest_first(past)[0]["changes"]["new_value"] == "x" * 5_000 + "…"


def test_people_are_named_by_id_also_as_values() -> None:
    past, task_id = a_task()
    past.change(task_id, TaskAssigned(assignee_ids=(BOB,), was=(ADA,)))
    past.change(task_id, TaskAssigned(assignee_ids=(), was=(BOB,)))
    unassigned, assigned, *_ = newest_first(past)
    assert assigned["action"] == "assigned"
    assert assigned["changes"]["new_value"] == [{"user_id": BOB, "name": BOB}]
    assert (unassigned["action"], unassigned["changes"]["new_value"]) == ("unassigned", [])


def test_a_priority_changes_by_name_or_within_its_band_by_level() -> None:
    past, task_id = a_task()
    past.change(task_id, TaskPrioritised(priority=3, was=5))
    past.change(task_id, TaskPrioritised(priority=2, was=3))
    level, name, *_ = newest_first(past)
    assert name["changes"] == {"field": "priority", "old_value": "medium", "new_value": "high"}
    assert level["changes"] == {"field": "priority_level", "old_value": 3, "new_value": 2}


def test_an_imported_record_is_an_entry_of_its_own_beside_what_it_changed() -> None:
    past, task_id = a_task()
    then = datetime(2012, 3, 31, 14, 59, 42, tzinfo=UTC)
    command = "cd" * 16
    record = TaskRecordImported(
        source="log.xes",
        ordinal=2,
        status="Accepted+In Progress",
        was="Queued+Awaiting Assignment",
        activity="Accepted",
        lifecycle="In Progress",
        resource_id=BOB,
        resource="Siebel",
        attributes={"impact": "Medium", "product": "PROD" * 100, "nested": {"a": [1]}},
    )
    changed = TaskStatusChanged(
        status="accepted", category="in_progress", was="queued", was_category="todo", rank="h1"
    )
    past.change(task_id, record, occurred_at=then, command_id=command)
    past.change(task_id, changed, occurred_at=then, command_id=command)
    status, imported, *_ = newest_first(past)
    assert status["action"] == "status_changed"
    assert imported["action"] == "record_imported"
    assert imported["changes"] == {
        "field": "status",
        "old_value": "Queued+Awaiting Assignment",
        "new_value": "Accepted+In Progress",
    }
    assert imported["record"] == {
        "source": "log.xes",
        "ordinal": 2,
        "activity": "Accepted",
        "lifecycle": "In Progress",
        "resource": {"user_id": BOB, "name": BOB},
        "attributes": {"impact": "Medium", "product": "PROD" * 50, "nested": '{"a":[1]}'},
    }
    assert imported["occurred_at"] == status["occurred_at"] == "2012-03-31T14:59:42Z"
    assert imported["actor"] == status["actor"] == {"user_id": BOB, "name": BOB}
    past.change(task_id, TaskRetitled(title="Later", was="Task 1"), actor=ADA)
    assert newest_first(past)[0]["actor"]["user_id"] == ADA
    assert imported["command_id"] == status["command_id"]


def test_comments_members_and_workflows_have_entries() -> None:
    past, task_id = a_task()
    past.comment(1, task_id, "Hello")
    project = past.states[made_id("proj", 1)]
    member = ProjectMemberAdded(user_id=BOB, role="viewer")
    past.record(project.workspace_id, project.project_id, member)
    fewer = (Status(key="todo", name="To do", category="todo"),)
    change = ProjectWorkflowChanged(
        workflow=workflow(*fewer), columns=columns(*fewer), was=project.workflow
    )
    past.record(project.workspace_id, project.project_id, change)
    flow, added, comment, *_ = newest_first(past)
    assert (comment["entity_type"], comment["task_id"]) == ("comment", task_id)
    assert comment["changes"]["new_value"] == "Hello"
    assert added["changes"]["new_value"] == {"user_id": BOB, "name": BOB, "role": "viewer"}
    assert added["task_id"] is None
    assert flow["changes"]["new_value"]["statuses"] == ["todo"]


def test_every_action_is_on_the_list() -> None:
    assert len(set(ACTIONS)) == len(ACTIONS)
    documented = PAGE.read_text(encoding="utf-8")
    assert [action for action in ACTIONS if f"`{action}`" not in documented] == []
