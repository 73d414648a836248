"""What a task keeps in another project, and what it may not pass by on the way."""

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import Invalid, Kind, Refused
from domain.project.fields import FieldDefinition
from domain.project.types import TaskType
from domain.project.workflow import DEFAULT_WORKFLOW, Guard, Status, Transition, Workflow
from domain.task.decisions import NO_FACTS
from domain.task.events import (
    TaskAssigned,
    TaskFieldsChanged,
    TaskMovedToProject,
    TaskStatusChanged,
    TaskTypeChanged,
)
from domain.task.relocation import counterpart, guards_into, relocate, with_dropped
from domain.values.text import ERASED
from tests.domain.examples import project_of, task_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, START

SHIPPING = Workflow(
    initial="new",
    statuses=(
        Status(key="new", name="New", category="todo"),
        Status(key="shipped", name="Shipped", category="done"),
    ),
    transitions=(
        Transition(
            source="new",
            target="shipped",
            guards=(Guard(name="fields-present", parameters={"fields": ["estimate"]}),),
        ),
    ),
)
SIZE = FieldDefinition(field_id="fld_1", key="size", name="Size", type="choice", options=("S", "L"))
HERE = replace(project_of().state, fields=(SIZE,))
THERE = replace(
    project_of(workflow=SHIPPING).state,
    project_id="proj_00000000000000000000000002",
    key="OPS",
    types=(TaskType(key="incident", name="Incident"),),
)


def moved(task: Any, status: Status, **given: Any) -> tuple[Any, TaskMovedToProject]:
    guards = guards_into(task, DEFAULT_WORKFLOW, SHIPPING, status)
    return relocate(
        task,
        given.pop("target", THERE),
        status,
        was_category=task.status_category,
        rank="b1",
        may_see=lambda user_id: user_id == ANN,
        guards=guards,
        facts=NO_FACTS,
        limits=LIMITS,
        **given,
    )


def test_everything_without_a_counterpart_goes_by_its_own_event():
    task = task_of(project=HERE, fields={"size": "L"}, assignee_ids=(ANN, BOB)).state
    before, move = moved(task, SHIPPING.statuses[0])
    assert before == (
        TaskFieldsChanged(fields={"size": None}, was={"size": "L"}),
        TaskTypeChanged(type="incident", was="task"),
        TaskAssigned(assignee_ids=(ANN,), was=(ANN, BOB)),
        TaskStatusChanged(
            status="new", category="todo", was="todo", was_category="todo", rank="b1"
        ),
    )
    assert move.was_number == 0, "it is not in the log yet"
    assert (move.project_key, move.was_project_key, move.was_status) == ("OPS", "WEB", "todo")
    told = with_dropped(move, before)
    assert (told.dropped_fields, told.dropped_types, told.unassigned) == (
        ("size",),
        ("task",),
        (BOB,),
    )


def test_what_several_tasks_lose_is_told_once_in_their_order():
    (_, move) = moved(task_of(project=HERE).state, SHIPPING.statuses[0])
    told = with_dropped(
        move,
        (
            TaskFieldsChanged(fields={"size": None, "n": 1}, was={}),
            TaskTypeChanged(type="incident", was="task"),
            TaskAssigned(assignee_ids=(ANN,), was=(ANN, BOB)),
            TaskFieldsChanged(fields=ERASED, was=ERASED),
            TaskFieldsChanged(fields={"age": None, "size": None}, was={}),
            TaskTypeChanged(type="incident", was="bug"),
            TaskTypeChanged(type="incident", was="task"),
            TaskAssigned(assignee_ids=(), was=(BOB, EVE)),
        ),
    )
    assert (told.dropped_fields, told.dropped_types, told.unassigned) == (
        ("size", "age"),
        ("task", "bug"),
        (BOB, EVE),
    )


def test_somebody_in_a_field_stays_only_where_they_may_see_the_project():
    reviewer = FieldDefinition(field_id="fld_2", key="reviewer", name="R", type="user")
    notes = FieldDefinition(field_id="fld_3", key="notes", name="N", type="text")
    here = replace(HERE, fields=(reviewer, notes))
    there = replace(here, project_id=THERE.project_id)
    status = DEFAULT_WORKFLOW.statuses[0]
    for person, stays in ((ANN, True), (BOB, False)):
        task = task_of(project=here, fields={"reviewer": person, "notes": person}).state
        before, _ = moved(task, status, target=there)
        gone = TaskFieldsChanged(fields={"reviewer": None}, was={"reviewer": person})
        assert before == (() if stays else (gone,))
    # What stood under the key in a field of text, or was longer than now is let in, is nobody.
    task = replace(task_of(project=here).state, fields={"reviewer": 5, "notes": "x" * 10_001})
    before, _ = moved(task, status, target=there)
    assert before == (
        TaskFieldsChanged(
            fields={"reviewer": None, "notes": None}, was={"reviewer": 5, "notes": "x" * 10_001}
        ),
    )


def test_what_the_status_there_requires_comes_with_its_default():
    required = replace(SIZE, default="S", required_at=("todo",))
    others = replace(SIZE, key="other", field_id="fld_8", default="S", required_at=("done",))
    there = replace(THERE, fields=(required, others), types=HERE.types)
    status = SHIPPING.statuses[0]  # new, of the category todo
    for held, came in (({}, {"size": "S"}), ({"size": "L"}, {}), ({"size": "XL"}, {"size": "S"})):
        task = replace(task_of(project=HERE).state, fields=held, status="new")
        before, _ = moved(task, status, target=there)
        assert [each.fields for each in before] == ([came] if came else [])
    without = replace(there, fields=(replace(required, default=None),))
    task = replace(task_of(project=HERE).state, status="new")
    with pytest.raises(Refused) as refused:
        moved(task, status, target=without)
    assert refused.value.fields["missing"] == ["fields.size"]
    assert "Or name another of that project's statuses for it." in refused.value.detail


def test_whoever_is_left_behind_cannot_be_asked_for_by_a_guard_there():
    asking = replace(
        SHIPPING,
        transitions=(
            Transition(
                source="new",
                target="shipped",
                guards=(Guard(name="fields-present", parameters={"fields": ["assignee_id"]}),),
            ),
        ),
    )
    for person, refused in ((ANN, False), (BOB, True)):
        task = task_of(project=HERE, assignee_ids=(person,)).state
        call = {
            "was_category": "todo",
            "rank": "b1",
            "may_see": lambda user_id: user_id == ANN,
            "guards": guards_into(task, DEFAULT_WORKFLOW, asking, asking.statuses[1]),
            "facts": NO_FACTS,
            "limits": LIMITS,
        }
        if not refused:
            assert relocate(task, THERE, asking.statuses[1], **call)
            continue
        with pytest.raises(Refused) as caught:
            relocate(task, THERE, asking.statuses[1], **call)
        assert caught.value.fields["missing"] == ["assignee_id"]


def test_the_move_says_where_the_task_was_and_with_what_it_came():
    task = replace(task_of(project=HERE).state, number=7)
    _, move = moved(task, SHIPPING.statuses[0])
    assert move == TaskMovedToProject(
        project_id=THERE.project_id,
        project_key="OPS",
        rank="b1",
        was_project_id=task.project_id,
        was_project_key="WEB",
        was_number=7,
        was_status="todo",
        was_rank="a1",
    )
    _, along = moved(task, SHIPPING.statuses[0], with_task_id="task_above")
    assert along.with_task_id == "task_above"
    with pytest.raises(Refused) as archived:
        moved(task, SHIPPING.statuses[0], target=replace(THERE, archived_at=START))
    assert archived.value.kind is Kind.ARCHIVED


def test_what_fits_there_stays():
    there = replace(THERE, fields=(SIZE,), types=HERE.types, workflow=DEFAULT_WORKFLOW)
    task = task_of(project=HERE, fields={"size": "L"}, assignee_ids=(ANN,)).state
    before, _ = moved(task, DEFAULT_WORKFLOW.statuses[0], target=there)
    assert before == ()
    narrower = replace(there, fields=(replace(SIZE, options=("S",)),))
    before, _ = moved(task, DEFAULT_WORKFLOW.statuses[0], target=narrower)
    assert before == (TaskFieldsChanged(fields={"size": None}, was={"size": "L"}),)


def test_a_status_is_named_or_corresponds_or_is_missing():
    task = task_of(project=HERE, status="in_review").state
    with pytest.raises(Invalid) as missing:
        counterpart(task, DEFAULT_WORKFLOW, SHIPPING)
    assert [(each.pointer, each.code) for each in missing.value.problems] == [
        ("/status", "missing")
    ]
    assert counterpart(task, DEFAULT_WORKFLOW, DEFAULT_WORKFLOW).key == "in_review"
    # The category is the one that the project gives its status now.
    recast = replace(task, status="blocked", status_category="done")
    assert counterpart(recast, DEFAULT_WORKFLOW, SHIPPING, None, "new").key == "new"
    assert counterpart(recast, SHIPPING, SHIPPING, None, "new").key == "shipped"
    assert "new, shipped" in missing.value.detail
    assert counterpart(task, DEFAULT_WORKFLOW, SHIPPING, "New").key == "new"
    assert counterpart(task, DEFAULT_WORKFLOW, SHIPPING, None, "shipped").key == "shipped"
    done = task_of(project=HERE, status="done").state
    assert counterpart(done, DEFAULT_WORKFLOW, SHIPPING, None, "new").key == "shipped"


def test_who_gets_further_by_moving_passes_the_guards_that_lead_there():
    task = task_of(project=HERE).state
    with pytest.raises(Refused) as refused:
        moved(task, SHIPPING.statuses[1])
    assert (refused.value.kind, refused.value.fields["missing"]) == (
        Kind.GUARD_REFUSED,
        ["estimate"],
    )
    done = task_of(project=HERE, status="done").state
    assert moved(done, SHIPPING.statuses[1])[0][-1].status == "shipped"
