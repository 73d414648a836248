"""Where a task may go, and what a refusal says."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.errors import Kind, Refused
from domain.project.guards import MoveFacts
from domain.project.workflow import Guard, Status, Transition, Workflow
from domain.task import decisions
from domain.task.events import (
    TaskAssigned,
    TaskFieldsChanged,
    TaskRanked,
    TaskStatusChanged,
    TaskTrashed,
)
from domain.task.moves import guards_back, guards_from, guards_to, held_fields, ways_from
from tests.domain.examples import project_of, task_of
from tests.domain.given import ANN

WORKFLOW = Workflow(
    initial="open",
    statuses=tuple(
        Status(key=key, name=key.title(), category=category)
        for key, category in (
            ("open", "todo"),
            ("doing", "in_progress"),
            ("done", "done"),
            ("shipped", "done"),
            ("dropped", "cancelled"),
        )
    ),
    transitions=(
        Transition(source="open", target="doing"),
        Transition(
            source="open",
            target="done",
            guards=(
                Guard(name="fields-present", parameters={"fields": ["estimate", "fields.size"]}),
                Guard(name="no-unfinished-blockers"),
            ),
        ),
        Transition(
            source="open",
            target="shipped",
            guards=(Guard(name="only-roles", parameters={"project_roles": ["admin"]}),),
        ),
    ),
)
PROJECT = project_of(workflow=WORKFLOW).state


def test_a_refusal_says_what_is_allowed_and_why_the_rest_is_not():
    task = task_of(project=PROJECT).state
    facts = MoveFacts(project_role="member", unfinished_blockers=("task_b",))
    with pytest.raises(Refused) as caught:
        decisions.change_status(task, PROJECT, "shipped", "b1", facts)
    refusal = caught.value
    assert refusal.kind is Kind.GUARD_REFUSED
    fields = dict(refusal.fields)
    refused = fields.pop("refused")
    assert fields == {
        "guard": "only-roles",
        "missing": ["project:admin"],
        "from": "open",
        "to": "shipped",
        "allowed": ["doing"],
    }
    assert [(each["status"], each["code"], each.get("guard")) for each in refused] == [
        ("done", "guard-refused", "fields-present"),
        ("shipped", "guard-refused", "only-roles"),
        ("dropped", "transition-not-allowed", None),
    ]
    assert refused[0]["missing"] == ["estimate", "fields.size"]
    assert all(each["detail"] for each in refused)


def test_where_there_is_no_room_is_said_of_that_status_alone():
    full = Refused(Kind.WIP_LIMIT_REACHED, "The column is full.", limit=1)
    task = task_of(project=PROJECT).state
    ways = {
        way.status.key: way.refusal
        for way in ways_from(task, PROJECT, MoveFacts(no_room={"doing": full}))
    }
    assert ways["doing"] is full
    assert ways["dropped"] is not full


def test_guards_are_met_in_their_order():
    blocked = MoveFacts(unfinished_blockers=("task_b",))
    filled = TaskFieldsChanged(fields={"size": 0}, was={"size": None})
    task = task_of(filled, project=PROJECT, estimate=0.0).state
    ways = {way.status.key: way.refusal for way in ways_from(task, PROJECT, blocked)}
    assert ways["done"] is not None
    assert ways["done"].kind is Kind.BLOCKED_BY_UNFINISHED
    (event,) = decisions.change_status(task, PROJECT, "done", "b1")
    assert event.status == "done"


def test_a_refused_move_to_where_nothing_leads_says_so():
    task = task_of(project=PROJECT, status="dropped").state
    with pytest.raises(Refused) as caught:
        decisions.change_status(task, PROJECT, "open", "b1")
    assert caught.value.kind is Kind.TRANSITION_NOT_ALLOWED
    assert caught.value.fields["allowed"] == []
    assert "may go nowhere now" in caught.value.detail


def test_a_move_is_taken_back_past_the_guards_that_lead_there():
    task = task_of(project=PROJECT, status="done", estimate=1.0, fields=None).state
    before = datetime(2026, 2, 1, tzinfo=UTC)
    # Nothing leads from done to open, and to open no guard does.
    assert guards_back(task, PROJECT, "open") == ()
    (event,) = decisions.move_back(task, PROJECT, "open", "b1", completed_at=before)
    assert event == TaskStatusChanged(
        status="open",
        category="todo",
        was="done",
        was_category="done",
        rank="b1",
        completed_at=before,
    )
    # Nothing leads from done to shipped: the guards of all moves there hold.
    shipped = WORKFLOW.transitions[2].guards
    assert guards_back(task, PROJECT, "shipped") == shipped
    with pytest.raises(Refused) as caught:
        decisions.move_back(task, PROJECT, "shipped", "b1", MoveFacts(project_role="member"))
    assert caught.value.fields["guard"] == "only-roles"
    admin = MoveFacts(project_role="admin")
    assert decisions.move_back(task, PROJECT, "shipped", "b1", admin)[0].completed_at is None
    begun = task_of(project=PROJECT).state
    assert guards_back(begun, PROJECT, "doing") == guards_to(begun, PROJECT, "doing") == ()
    assert guards_back(begun, PROJECT, "shipped") == guards_to(begun, PROJECT, "shipped") == shipped
    assert guards_to(task, PROJECT, "shipped") == ()
    assert [each.name for each in guards_from(begun, PROJECT)] == [
        "fields-present", "no-unfinished-blockers", "only-roles",
    ]  # fmt: skip
    assert list(guards_from(task, PROJECT)) == []


def test_a_move_is_taken_back_by_the_move_to_where_it_came_from_if_there_is_one():
    said = (Guard(name="comment-required"),)
    workflow = replace(
        WORKFLOW,
        transitions=(
            Transition(source="doing", target="open", guards=said),
            Transition(source="done", target="open"),
        ),
    )
    project = replace(PROJECT, workflow=workflow)
    for source, guards in (("doing", said), ("done", ()), ("shipped", said)):
        task = task_of(project=PROJECT, status=source).state
        assert guards_back(task, project, "open") == guards


def test_a_tag_whose_label_was_deleted_is_none_to_a_guard():
    tagged = Workflow(
        initial="open",
        statuses=WORKFLOW.statuses,
        transitions=(
            Transition(
                source="open",
                target="doing",
                guards=(Guard(name="fields-present", parameters={"fields": ["tags"]}),),
            ),
        ),
    )
    project = project_of(workflow=tagged).state
    task = task_of(project=project, tags=("gone",)).state
    assert decisions.change_status(task, project, "doing", "b1")
    facts = MoveFacts(gone_tags=frozenset({"gone"}))
    with pytest.raises(Refused) as caught:
        decisions.change_status(task, project, "doing", "b1", facts)
    assert caught.value.fields["missing"] == ["tags"]


def test_a_move_back_within_a_status_is_one_of_the_card_and_to_none_is_refused():
    case = task_of(project=PROJECT)
    case.when(decisions.move_back, PROJECT, "open", "b1").then(TaskRanked(rank="b1", was="a1"))
    case.when(decisions.move_back, PROJECT, "open", "a1").nothing()
    case.when(decisions.move_back, PROJECT, "limbo", "b1").refused(Kind.NOT_UNDOABLE)
    trashed = task_of(TaskTrashed(), project=PROJECT)
    trashed.when(decisions.move_back, PROJECT, "open", "b1").refused(Kind.TRASHED)


def test_what_a_task_holds():
    empty = task_of().state
    assert held_fields(empty) == frozenset()
    full = task_of(
        TaskAssigned(assignee_ids=(ANN,), was=()),
        TaskFieldsChanged(
            fields={"zero": 0, "no": False, "none": (), "blank": ""}, was=dict.fromkeys("znb")
        ),
        description="x",
        due_date=datetime(2026, 3, 1, tzinfo=UTC),
        start_date=datetime(2026, 3, 1, tzinfo=UTC),
        estimate=0.0,
        parent_task_id="task_p",
        tags=("a",),
    ).state
    assert held_fields(full, {"b"}) - held_fields(full, {"a"}) == {"tags"}
    assert held_fields(full) == {
        "assignee_id", "description", "due_date", "start_date", "estimate", "parent_task_id",
        "tags", "fields.zero", "fields.no",
    }  # fmt: skip


def test_a_task_remembers_since_when_it_stands_where_it_stands():
    task = task_of(project=PROJECT)
    assert task.state.status_since == 1
    moved = task.when(decisions.change_status, PROJECT, "doing", "b1").then(
        *decisions.change_status(task.state, PROJECT, "doing", "b1")
    )
    assert moved.status_since == 2
