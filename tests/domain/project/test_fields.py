"""What the fields and types of a project say, and what becomes of them when others change."""

from dataclasses import replace

import pytest

from domain.errors import Invalid
from domain.project import process
from domain.project.events import (
    ProjectFieldsChanged,
    ProjectTypesChanged,
    ProjectWorkflowChanged,
)
from domain.project.fields import FieldDraft, draft_of, required_in
from domain.project.types import DEFAULT_TYPES, TaskType
from domain.project.workflow import DEFAULT_WORKFLOW, Guard, Status, Transition, status_at
from tests.domain.examples import ids, project_of
from tests.domain.given import LIMITS, Case

SIZE = FieldDraft(key="size", name="Size", type="choice", options=("s", "l"))


def defined(*drafts: FieldDraft):
    (event,) = process.change_fields(project_of().state, drafts, ids("fld", len(drafts)), LIMITS)
    return event.fields


def with_fields(*drafts: FieldDraft, workflow=DEFAULT_WORKFLOW) -> Case:
    event = ProjectFieldsChanged(fields=defined(*drafts), was=())
    return project_of(event, workflow=workflow)


def test_options_are_named_and_renamed_without_becoming_others():
    named = replace(SIZE, option_names={"s": "Small", "l": "l"}, default="Small")
    (size,) = defined(named)
    assert (size.options, size.option_names, size.default) == (("s", "l"), {"s": "Small"}, "s")
    renamed = replace(draft_of(size), option_names={"s": "Tiny"})
    project = with_fields(named)
    after = project.when(process.change_fields, [renamed], ["x"], LIMITS).then(
        ProjectFieldsChanged(fields=(replace(size, option_names={"s": "Tiny"}),), was=(size,))
    )
    assert after.fields[0].options == size.options
    project.when(process.change_fields, [draft_of(size)], ["x"], LIMITS).nothing()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"option_names": {"m": "Middle"}}, "/option_names/m"),
        ({"option_names": {"s": "l"}}, "/option_names/s"),
        ({"option_names": {"s": " "}}, "/option_names/s"),
        ({"option_names": {"s": "S", "l": "L", "m": "M"}}, "/option_names"),
        ({"default": "m"}, "/default"),
        ({"default": 5}, "/default"),
        ({"required_at": ("nowhere",)}, "/required_at/0"),
        ({"required_at": ("todo",) * 105}, "/required_at"),
        ({"type": "text", "options": (), "option_names": {"s": "S"}}, "/option_names"),
        ({"type": "number", "options": (), "default": float("nan")}, "/default"),
        ({"type": "checkbox", "options": (), "default": "yes"}, "/default"),
        ({"type": "date", "options": (), "default": "soon"}, "/default"),
        ({"type": "user", "options": (), "default": "bob"}, "/default"),
        ({"type": "choices", "default": ["s", "m"]}, "/default"),
        ({"type": "url", "options": (), "default": "ftp://x"}, "/default"),
        ({"type": "text", "options": (), "default": "a\x00b"}, "/default"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_where_it_stands(change, pointer):
    project_of().when(process.change_fields, [replace(SIZE, **change)], ["fld_1"], LIMITS).invalid(
        f"/fields/0{pointer}"
    )


def test_what_is_wrong_with_the_form_of_a_field_is_said_with_its_code():
    for change, place in (
        ({"name": " "}, "/name blank"),
        ({"type": "colour", "options": ()}, "/type unknown"),
        ({"key": "-x"}, "/key invalid"),
        ({"options": ()}, "/options too-many"),
        ({"options": ("s", "s")}, "/options repeated"),
        ({"options": ("s", "")}, "/options/1 blank"),
        ({"option_names": {"m": "Middle", "s": " "}}, "/option_names/m unknown"),
        ({"option_names": {"s": "l"}}, "/option_names/s repeated"),
        ({"required_at": ("nowhere",)}, "/required_at/0 unknown"),
        ({"default": "m"}, "/default type"),
    ):
        places = [f"/fields/0{place}"]
        if change.get("option_names", {}).get("s") == " ":
            places.append("/fields/0/option_names/s blank")
        project_of().when(
            process.change_fields, [replace(SIZE, **change)], ["fld_1"], LIMITS
        ).invalid(*places)
    # An option may be called as itself, and as one that went.
    (size,) = defined(replace(SIZE, option_names={"s": "s", "l": "Large"}))
    assert size.option_names == {"l": "Large"}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"type": "date", "default": "2026-03-01"}, "2026-03-01"),
        ({"type": "date", "default": "2026-03-01T02:00:00+02:00"}, "2026-03-01T00:00:00Z"),
        ({"type": "checkbox", "default": False}, False),
        ({"type": "text", "default": ""}, None),
        ({"type": "number", "default": 0}, 0),
        ({"type": "user", "default": "user_01h455vb4pex5vsknk084sn02q"},
         "user_01h455vb4pex5vsknk084sn02q"),
        ({"type": "url", "default": "http://x"}, "http://x"),
        ({"type": "choices", "options": ("a", "b"), "default": []}, None),
        ({"type": "choices", "options": ("a", "b"), "default": ["b"]}, ("b",)),
    ],
)  # fmt: skip
def test_a_default_is_kept_in_the_form_of_its_type(change, kept):
    (made,) = defined(FieldDraft(**{"key": "x", "name": "X", **change}))
    assert made.default == kept
    assert type(made.default) is type(kept)
    (again,) = with_fields(FieldDraft(**{"key": "x", "name": "X", **change})).state.fields
    assert draft_of(replace(again, required_at=("done",))).required_at == ("done",)


def test_a_field_may_be_required_in_a_category():
    only = replace(
        DEFAULT_WORKFLOW,
        initial="new",
        statuses=(Status(key="new", name="New", category="todo"),),
        transitions=(),
    )
    project = project_of(workflow=only)
    (event,) = process.change_fields(
        project.state, [replace(SIZE, required_at=("done", "New"))], ["fld_1"], LIMITS
    )
    assert event.fields[0].required_at == ("done", "new")


def test_no_two_options_are_called_alike():
    alike = replace(SIZE, option_names={"s": "A", "l": "A"})
    project_of().when(process.change_fields, [alike], ["fld_1"], LIMITS).invalid(
        "/fields/0/option_names/s", "/fields/0/option_names/l"
    )


def test_a_field_is_required_in_statuses_by_key_or_name_and_in_categories():
    (size,) = defined(replace(SIZE, required_at=("In review", "done", "done")))
    assert size.required_at == ("in_review", "done")

    def where(definition, workflow=DEFAULT_WORKFLOW):
        return [
            status.key
            for status in workflow.statuses
            if required_in([definition], workflow, status)
        ]

    assert where(size) == ["in_review", "done"]
    # The key of a status goes before the category of the same name.
    assert where(replace(size, required_at=("in_progress",))) == ["in_progress"]
    renamed = replace(
        DEFAULT_WORKFLOW,
        statuses=tuple(replace(each, key=f"my_{each.key}") for each in DEFAULT_WORKFLOW.statuses),
    )
    assert where(replace(size, required_at=("in_progress",)), renamed) == [
        "my_in_progress", "my_in_review", "my_blocked",
    ]  # fmt: skip


def test_a_field_that_a_guard_asks_for_does_not_go():
    asks = Guard(name="fields-present", parameters={"fields": ["fields.size"]})
    workflow = replace(
        DEFAULT_WORKFLOW,
        transitions=(Transition(source="todo", target="done", guards=(asks,)),),
    )
    project = with_fields(SIZE, workflow=workflow)
    project.when(process.change_fields, [], [], LIMITS).invalid("/fields")


def test_requirements_follow_the_tasks_into_the_status_that_takes_the_place_of_theirs():
    project = with_fields(replace(SIZE, required_at=("in_review", "blocked", "done"))).state
    checking = Status(key="checking", name="Checking", category="in_progress")
    kept = [each for each in DEFAULT_WORKFLOW.statuses if each.key not in ("in_review", "blocked")]
    workflow = replace(DEFAULT_WORKFLOW, statuses=(*kept, checking), transitions=())
    # What merges into a status that was there before puts no new demand on it.
    resettling = process.resettle(
        project.workflow, workflow, {"in_review": "checking", "blocked": "in_progress"}
    )
    (event,) = process.follow_statuses(project, workflow, resettling)
    assert event.fields[0].required_at == ("checking", "done")
    assert event.was == project.fields
    unasked = with_fields(SIZE).state
    assert process.follow_statuses(unasked, workflow, resettling) == ()


def test_types_are_the_projects_own():
    project = project_of()
    assert project.state.types == DEFAULT_TYPES
    mine = (TaskType(key="wish", name="A wish", colour="#aabbcc", icon="star"),)
    after = project.when(process.change_types, mine, LIMITS).then(
        ProjectTypesChanged(types=mine, was=DEFAULT_TYPES)
    )
    assert after.types == mine
    project.when(process.change_types, DEFAULT_TYPES, LIMITS).nothing()


def test_everything_wrong_with_types_is_said_at_once():
    wrong = (
        TaskType(key="", name="A"),
        TaskType(key="b", name=" ", colour="#12"),
        TaskType(key="b", name="A", icon="x" * 65),
    )
    project = project_of()
    project.when(process.change_types, wrong, LIMITS).invalid(
        "/types/0/key",
        "/types/1/name",
        "/types/1/colour",
        "/types/2/key",
        "/types/2/name",
        "/types/2/icon",
    )
    project.when(process.change_types, (), LIMITS).invalid("/types")
    many = tuple(TaskType(key=f"t{n}", name=f"T{n}") for n in range(51))
    project.when(process.change_types, many, LIMITS).invalid("/types")


def test_a_status_that_a_field_names_may_go_and_come_back():
    project = with_fields(replace(SIZE, required_at=("blocked",)))
    statuses = tuple(each for each in DEFAULT_WORKFLOW.statuses if each.key != "blocked")
    less = replace(DEFAULT_WORKFLOW, statuses=statuses, transitions=())
    resettling = process.resettle(project.state.workflow, less, {})
    (event,) = process.follow_statuses(project.state, less, resettling)
    after = project_of(
        ProjectWorkflowChanged(workflow=less, columns=(), was=DEFAULT_WORKFLOW), event
    ).state
    assert after.fields[0].required_at == ()
    done = status_at(after.workflow, "done")
    assert done is not None
    assert required_in(after.fields, after.workflow, done) == ()
    with pytest.raises(Invalid):
        process.change_fields(
            after, [replace(draft_of(after.fields[0]), required_at=("blocked",))], ["x"], LIMITS
        )
