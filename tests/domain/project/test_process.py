"""A project's workflow, board and fields, and what becomes of tasks when they change."""

from dataclasses import replace

import pytest

from domain.errors import Invalid
from domain.project import process
from domain.project.board import Column, ColumnDraft
from domain.project.events import (
    ProjectColumnsChanged,
    ProjectFieldsChanged,
    ProjectSwimlaneChanged,
)
from domain.project.fields import FieldDefinition, FieldDraft
from domain.project.workflow import (
    DEFAULT_WORKFLOW,
    Guard,
    Status,
    Transition,
    Workflow,
)
from tests.domain.examples import ids, project_of
from tests.domain.given import LIMITS

COLUMNS = project_of().state.columns


SMALL = Workflow(
    initial="Open",
    statuses=(
        Status(key="open", name="Open", category="todo"),
        Status(key="done", name="Done", category="done"),
        Status(key="shipped", name="Shipped", category="done", colour="#00ff00"),
    ),
    transitions=(
        Transition(source="Open", target="done", guards=(Guard(name="no-unfinished-blockers"),)),
        Transition(source="done", target="Shipped"),
    ),
)


def columns(*laid: tuple[str, ...]) -> tuple[ColumnDraft, ...]:
    return tuple(ColumnDraft(name=f"C{n}", statuses=statuses) for n, statuses in enumerate(laid))


def test_a_changed_workflow_names_statuses_by_key_and_mends_the_board():
    after = project_of().when(process.change_workflow, SMALL, ids("col"), LIMITS)
    (event,) = after.decide()
    assert (event.workflow.initial, event.was) == ("open", DEFAULT_WORKFLOW)
    assert [(each.source, each.target) for each in event.workflow.transitions] == [
        ("open", "done"),
        ("done", "shipped"),
    ]
    assert [column.statuses for column in event.columns] == [("done",), ("open",), ("shipped",)]
    assert event.columns[0] == COLUMNS[4]
    same = project_of(event).when(process.change_workflow, SMALL, ids("col"), LIMITS)
    same.nothing()


def test_everything_wrong_with_a_workflow_is_said_at_once():
    wrong = Workflow(
        initial="limbo",
        statuses=(
            Status(key="open", name="Open", category="todo"),
            Status(key="open", name="Open", category="maybe", colour="url(x)"),
            Status(key="not a key", name=" ", category="done"),
        ),
        transitions=(
            Transition(source="open", target="nowhere", guards=(Guard(name="made-up"),)),
            Transition(source="nowhere", target="open"),
            Transition(source="open", target="not a key"),
            Transition(source="Open", target="not a key"),
            Transition(source="open", target="open"),
            Transition(
                source="not a key",
                target="open",
                guards=(Guard(name="no-unfinished-blockers", parameters={"depth": 1}),),
            ),
        ),
    )
    project_of().when(process.change_workflow, wrong, ids("col"), LIMITS).invalid(
        "/statuses/1/key",
        "/statuses/1/name",
        "/statuses/1/category",
        "/statuses/1/colour",
        "/statuses/2/key",
        "/statuses/2/name",
        "/transitions/0/to unknown",
        "/transitions/0/guards/0 unknown",
        "/transitions/1/from unknown",
        "/transitions/3 repeated",
        "/transitions/4/to invalid",
        "/transitions/5/guards/0/depth unknown",
        "/initial unknown",
    )
    none = replace(SMALL, statuses=())
    project_of().when(process.change_workflow, none, (), LIMITS).invalid("/statuses")
    many = replace(SMALL, transitions=SMALL.transitions * 501)
    project_of().when(process.change_workflow, many, ids("col"), LIMITS).invalid("/transitions")


def test_where_the_tasks_of_a_status_that_goes_stand_afterwards():
    moves = process.resettle(DEFAULT_WORKFLOW, SMALL, {"To do": "Open", "in_review": "shipped"})
    assert {old: new.key for old, new in moves.statuses.items()} == {
        "todo": "open",
        "in_review": "shipped",
    }
    assert moves.without_target == ("in_progress", "blocked", "cancelled")


def test_tasks_of_a_status_whose_category_changes_are_told_so():
    statuses = tuple(
        replace(each, category="done") if each.key == "cancelled" else each
        for each in DEFAULT_WORKFLOW.statuses
    )
    changed = replace(DEFAULT_WORKFLOW, statuses=statuses)
    moves = process.resettle(DEFAULT_WORKFLOW, changed, {})
    assert {old: new.category for old, new in moves.statuses.items()} == {"cancelled": "done"}
    assert moves.without_target == ()


def test_tasks_are_moved_only_from_what_goes_to_what_there_is():
    with pytest.raises(Invalid) as caught:
        process.resettle(
            DEFAULT_WORKFLOW, SMALL, {"done": "open", "todo": "nowhere", "limbo": "open"}
        )
    assert [(each.pointer, each.code, each.detail) for each in caught.value.problems] == [
        ("/move_to", "invalid", "The status done stays, so its tasks stay in it."),
        ("/move_to", "unknown", "The changed workflow has no status nowhere."),
        ("/move_to", "unknown", "There is no status limbo here."),
    ]


def test_a_board_is_laid_out_anew_with_every_status_in_exactly_one_column():
    drafts = (
        ColumnDraft(
            column_id=COLUMNS[1].column_id, name="Doing", statuses=("in_progress", "In review"),
            wip_limit=3, lane_wip_limit=2,
        ),
        *columns(("todo", "blocked"), ("done", "cancelled")),
    )  # fmt: skip
    project = project_of()
    laid = (
        Column(column_id=COLUMNS[1].column_id, name="Doing", wip_limit=3, lane_wip_limit=2,
               statuses=("in_progress", "in_review")),
        Column(column_id="col_b", name="C0", statuses=("todo", "blocked")),
        Column(column_id="col_c", name="C1", statuses=("done", "cancelled")),
    )  # fmt: skip
    fresh = ("col_a", "col_b", "col_c")
    project.when(process.change_columns, drafts, fresh, LIMITS).then(
        ProjectColumnsChanged(columns=laid, was=COLUMNS)
    )
    same = tuple(
        ColumnDraft(column_id=each.column_id, name=each.name, statuses=each.statuses)
        for each in COLUMNS
    )
    project.when(process.change_columns, same, ids("col", 6), LIMITS).nothing()
    project.when(process.change_columns, same, ids("col", 6), LIMITS, "label").then(
        ProjectSwimlaneChanged(swimlane="label", was="assignee")
    )
    project.when(process.change_columns, same, ids("col", 6), LIMITS, "colour").invalid(
        "/swimlane unknown"
    )


def test_everything_wrong_with_a_board_is_said_at_once():
    drafts = (
        ColumnDraft(name="", statuses=("todo", "todo"), wip_limit=0),
        ColumnDraft(name="x", statuses=("limbo",), column_id="col_of_others"),
        ColumnDraft(name="y", statuses=()),
    )
    twice = [ColumnDraft(name="a", statuses=(each,), column_id=COLUMNS[0].column_id)
             for each in ("todo", "blocked")]  # fmt: skip
    project_of().when(process.change_columns, twice, ids("col", 2), LIMITS).invalid(
        "/columns/1/column_id unknown", "/columns incomplete"
    )
    project_of().when(process.change_columns, drafts, ids("col", 3), LIMITS).invalid(
        "/columns/0/name",
        "/columns/0/wip_limit",
        "/columns/0/statuses/1",
        "/columns/1/column_id",
        "/columns/1/statuses/0 unknown",
        "/columns/2/statuses",
        "/columns",
    )


def test_a_field_keeps_its_key_and_type_for_ever():
    defined = FieldDefinition(field_id="fld_1", key="size", name="Size", type="text")
    project = project_of(ProjectFieldsChanged(fields=(defined,), was=()))
    renamed = FieldDraft(field_id="fld_1", key="size", name="How big", type="text")
    project.when(process.change_fields, [renamed], ["fld_2"], LIMITS).then(
        ProjectFieldsChanged(fields=(replace(defined, name="How big"),), was=(defined,))
    )
    for wrong, pointer in (
        (replace(renamed, key="bulk"), "/fields/0/key"),
        (replace(renamed, type="number"), "/fields/0/type"),
        (replace(renamed, field_id="fld_9"), "/fields/0/field_id"),
        (replace(renamed, field_id=None, type="choice"), "/fields/0/options"),
        (replace(renamed, options=("a",)), "/fields/0/options"),
        (replace(renamed, field_id=None, key="/x"), "/fields/0/key"),
    ):
        project.when(process.change_fields, [wrong], ["fld_2"], LIMITS).invalid(pointer)
    twice = [renamed, replace(renamed, field_id=None)]
    project.when(process.change_fields, twice, ["a", "b"], LIMITS).invalid("/fields/1/key")
    project.when(process.change_fields, [], [], LIMITS).then(
        ProjectFieldsChanged(fields=(), was=(defined,))
    )
