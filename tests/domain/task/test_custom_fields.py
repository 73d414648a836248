"""Custom fields of a task: defaults, options by name, and what a status requires."""

from dataclasses import replace

import pytest

from domain.errors import Invalid, Kind, Refused
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDefinition
from domain.project.types import DEFAULT_TYPES, TaskType
from domain.project.workflow import DEFAULT_WORKFLOW, Status
from domain.task import decisions, subtasks
from domain.task.events import TaskCreated, TaskFieldsChanged, TaskTypeChanged
from tests.domain.examples import project_of, task_of
from tests.domain.given import LIMITS

SIZE = FieldDefinition(
    field_id="fld_1", key="size", name="Size", type="choice", options=("s", "l"),
    option_names={"s": "Small"}, default="s", required_at=("in_review", "done"),
)  # fmt: skip
NOTE = FieldDefinition(field_id="fld_2", key="note", name="Note", type="text", default="as ever")
POINTS = FieldDefinition(
    field_id="fld_3", key="points", name="Points", type="number", required_at=("in_progress",)
)


def project(*fields: FieldDefinition):
    return project_of(ProjectFieldsChanged(fields=fields, was=())).state


def created(*fields: FieldDefinition, **other) -> TaskCreated:
    (event,) = decisions.create(
        project(*fields), title="Paint it", rank="a1", limits=LIMITS, **other
    )
    assert isinstance(event, TaskCreated)
    return event


def wrong(call, *args, **named) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        call(*args, **named)
    return [(each.pointer, each.code) for each in caught.value.problems]


def test_what_is_not_said_gets_its_default_and_null_none():
    assert created(SIZE, NOTE).fields == {"size": "s", "note": "as ever"}
    assert created(SIZE, NOTE, fields={"note": None, "size": "l"}).fields == {"size": "l"}
    assert created().fields == {}
    assert created(SIZE, fields={"size": "Small"}).fields == {"size": "s"}


def test_a_task_is_not_made_in_a_status_without_what_that_requires():
    assert wrong(created, POINTS, SIZE, status="in_progress") == [("/fields/points", "required")]
    # Nor with what a default would fill in, once it is left out on purpose.
    assert wrong(created, SIZE, status="done", fields={"size": None}) == [
        ("/fields/size", "required")
    ]
    both = replace(project(POINTS), fields=(POINTS, replace(SIZE, required_at=("in_progress",))))
    with pytest.raises(Refused, match=r"first: fields\.points, fields\.size\."):
        decisions.change_status(task_of().state, both, "in_progress", "b1")
    noted = replace(NOTE, required_at=("todo",), default=None)
    assert wrong(created, noted, fields={"note": ""}) == [("/fields/note", "required")]
    assert created(POINTS, status="in_progress", fields={"points": 0}).fields == {"points": 0}


def test_a_move_waits_for_what_the_status_requires():
    house = project(POINTS, SIZE)
    task = task_of(project=house)
    with pytest.raises(Refused) as caught:
        decisions.change_status(task.state, house, "in_progress", "b1")
    assert caught.value.kind is Kind.GUARD_REFUSED
    assert caught.value.fields["guard"] == "required-at"
    assert caught.value.fields["missing"] == ["fields.points"]
    assert caught.value.fields["allowed"] == ["cancelled"]
    assert caught.value.detail.startswith(
        "Required in in_progress; fill these in first: fields.points."
    )
    filled = task_of(
        TaskFieldsChanged(fields={"points": 3}, was={"points": None}), project=house
    ).state
    (event,) = decisions.change_status(filled, house, "in_progress", "b1")
    assert event.status == "in_progress"
    with pytest.raises(Refused) as caught:
        decisions.move_back(task.state, house, "in_progress", "b1")
    assert caught.value.fields["missing"] == ["fields.points"]


def test_what_is_required_in_a_category_is_in_each_of_its_statuses():
    sized = replace(SIZE, required_at=("cancelled", "done"), default=None)
    named = replace(
        DEFAULT_WORKFLOW,
        statuses=(
            *DEFAULT_WORKFLOW.statuses,
            Status(key="shipped", name="Shipped", category="done"),
            Status(key="dropped", name="Dropped", category="cancelled"),
        ),
        any_move=True,
        initial="dropped",
    )
    bare = replace(
        named, statuses=tuple(each for each in named.statuses if each.key != "cancelled")
    )
    for workflow, required in ((named, ()), (bare, ("size",))):
        house = replace(project(sized), workflow=workflow)
        task = replace(task_of(project=project()).state, status="dropped")
        assert decisions.required_fields(task, house) == required
        if required:
            with pytest.raises(Refused):
                decisions.change_status(replace(task, status="todo"), house, "dropped", "b1")
            with pytest.raises(Refused):
                subtasks.copied(
                    task, house, rank="a", assignee_ids=(), fields={}, parent_task_id=None,
                    defaults={},
                )  # fmt: skip
        else:
            decisions.change_status(replace(task, status="todo"), house, "dropped", "b1")
    assert decisions.required_fields(replace(task, status="limbo"), house) == ()


def test_what_a_status_requires_is_not_cleared_while_the_task_stands_there():
    house = project(SIZE, NOTE)
    task = task_of(project=house, status="done").state
    required = decisions.required_fields(task, house)
    assert required == ("size",)
    assert wrong(decisions.change_fields, task, house.fields, {"size": None}, LIMITS, required) == [
        ("/fields/size", "required")
    ]
    (event,) = decisions.change_fields(task, house.fields, {"note": ""}, LIMITS, required)
    assert event.fields == {"note": ""}
    # Who never had it is not held up by other changes.
    without = replace(task, fields={})
    (event,) = decisions.change_fields(without, house.fields, {"note": "x"}, LIMITS, required)
    assert event.fields == {"note": "x"}


def test_an_option_that_went_stays_where_it_stands():
    task = task_of(TaskFieldsChanged(fields={"size": "xl"}, was={"size": None})).state
    assert decisions.change_fields(task, [SIZE], {"size": "xl"}, LIMITS) == ()
    assert wrong(decisions.change_fields, task_of().state, [SIZE], {"size": "xl"}, LIMITS) == [
        ("/fields/size", "type")
    ]


def test_a_type_is_taken_by_key_or_name_and_the_first_one_without():
    mine = (TaskType(key="wish", name="A wish"), TaskType(key="deed", name="Deed"))
    house = replace(project(), types=mine)
    for text, key in ((None, "wish"), ("deed", "deed"), ("A wish", "wish")):
        (event,) = decisions.create(house, title="x", rank="a1", limits=LIMITS, task_type=text)
        assert event.type == key
    assert wrong(decisions.create, house, title="x", rank="a1", limits=LIMITS, task_type="bug") == [
        ("/type", "unknown")
    ]


def test_a_type_that_went_stays_on_its_tasks():
    mine = (TaskType(key="wish", name="A wish"),)
    task = task_of(task_type="bug")
    task.when(decisions.change_type, "bug", mine).nothing()
    task.when(decisions.change_type, "story", mine).invalid("/type")
    task.when(decisions.change_type, "A wish", mine).then(TaskTypeChanged(type="wish", was="bug"))
    task.when(decisions.change_type, "Bug", DEFAULT_TYPES).nothing()
