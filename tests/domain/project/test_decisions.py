"""What may happen to a project, its members and its workflow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import Invalid, Kind
from domain.project import decisions
from domain.project.board import Column, ColumnDraft, column_of
from domain.project.events import (
    ProjectArchived,
    ProjectColumnsChanged,
    ProjectDescribed,
    ProjectFieldsChanged,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectSwimlaneChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectUnarchived,
    ProjectViewTypeChanged,
    ProjectWorkflowChanged,
)
from domain.project.fields import FieldDefinition, FieldDraft
from domain.project.state import PROJECT
from domain.project.workflow import (
    DEFAULT_WORKFLOW,
    Guard,
    Status,
    Transition,
    Workflow,
    allowed_from,
)
from domain.workspace.events import WorkspaceMemberAdded, WorkspaceMemberRemoved
from domain.workspace.state import WORKSPACE, Membership
from tests.domain.examples import BOB_MEMBER, ids, project_of, workspace_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, PROJECT_ID, START, WORKSPACE_ID, stamp

COLUMNS = project_of().state.columns


def test_a_new_project_has_a_column_for_each_status_and_its_owner_as_admin():
    project = project_of().state
    assert [column.statuses for column in project.columns] == [
        (status.key,) for status in DEFAULT_WORKFLOW.statuses
    ]
    assert [column.name for column in project.columns][:2] == ["To do", "In progress"]
    assert column_of(project.columns, "done") is project.columns[4]
    assert project.members[ANN].role == "admin"


def test_the_personal_project_lets_any_status_follow_any():
    (event,) = decisions.create_personal(owner_id=ANN, column_ids=ids("col", 6), limits=LIMITS)
    assert (event.key, event.is_personal, event.workflow.any_move) == ("ME", True, True)
    assert (event.name, event.owner_id) == ("Personal", ANN)
    assert allowed_from(event.workflow, "todo") == (
        "in_progress", "in_review", "blocked", "done", "cancelled",
    )  # fmt: skip


@pytest.mark.parametrize("key", ["", "W", "web", "1WEB", "WEBSITEPROJ", "WÉB", "WE B", "WEB\n"])
def test_a_key_is_two_to_ten_capitals_and_digits(key):
    with pytest.raises(Invalid) as caught:
        decisions.create(key=key, name="x", owner_id=ANN, column_ids=ids("col", 6), limits=LIMITS)
    assert caught.value.problems[0].pointer == "/key"


def test_each_field_changes_once_and_says_what_stood_there():
    project = project_of()
    project.when(decisions.rename, "Shop", LIMITS).then(ProjectRenamed(name="Shop", was="Website"))
    project.when(decisions.describe, "x", LIMITS).then(ProjectDescribed(description="x"))
    project.when(decisions.change_view_type, "list").then(
        ProjectViewTypeChanged(view_type="list", was="board")
    )
    project.when(decisions.change_privacy, True).then(
        ProjectPrivacyChanged(is_private=True, was=False)
    )
    project.when(decisions.rename, "Website", LIMITS).nothing()
    project.when(decisions.describe, "", LIMITS).nothing()
    project.when(decisions.change_view_type, "board").nothing()
    project.when(decisions.change_privacy, False).nothing()
    project.when(decisions.change_view_type, "pie").invalid("/view_type unknown")


def test_an_archived_project_only_wakes_up_or_loses_members():
    archived = project_of(ProjectMemberAdded(user_id=BOB, role="viewer"), ProjectArchived())
    inside = workspace_of(BOB_MEMBER).state
    for decision, args in (
        (decisions.rename, ("x", LIMITS)),
        (decisions.describe, ("x", LIMITS)),
        (decisions.change_view_type, ("list",)),
        (decisions.change_privacy, (True,)),
        (decisions.add_member, (inside, BOB, "admin")),
        (decisions.change_member_role, (inside, BOB, "admin")),
        (decisions.change_workflow, (DEFAULT_WORKFLOW, ids("col"), LIMITS)),
        (decisions.change_columns, ((), (), LIMITS)),
        (decisions.change_fields, ((), (), LIMITS)),
    ):
        refusal = archived.when(decision, *args).refused(Kind.ARCHIVED)
        assert "restore it first" in refusal.detail
    archived.when(decisions.archive).nothing()
    project_of().when(decisions.archive).then(ProjectArchived())
    archived.when(decisions.remove_member, BOB).then(
        ProjectMemberRemoved(user_id=BOB, was="viewer")
    )
    archived.when(decisions.unarchive).then(ProjectUnarchived())
    project_of().when(decisions.unarchive).nothing()


def test_only_people_of_the_workspace_are_named_in_a_project():
    inside = workspace_of(BOB_MEMBER).state
    project = project_of(object(), object())
    project.when(decisions.add_member, inside, BOB, "viewer").then(
        ProjectMemberAdded(user_id=BOB, role="viewer")
    )
    project.when(decisions.add_member, inside, EVE, "viewer").invalid("/user_id")
    project.when(decisions.add_member, inside, BOB, "owner").invalid("/role")


def test_a_named_role_changes_only_for_whom_it_names():
    inside = workspace_of(BOB_MEMBER).state
    project = project_of(object(), object(), ProjectMemberAdded(user_id=BOB, role="viewer"))
    project.when(decisions.add_member, inside, BOB, "viewer").nothing()
    project.when(decisions.add_member, inside, BOB, "admin").refused(
        Kind.ALREADY_EXISTS, field="user_id"
    )
    project.when(decisions.change_member_role, inside, BOB, "admin").then(
        ProjectMemberRoleChanged(user_id=BOB, role="admin", was="viewer")
    )
    project.when(decisions.change_member_role, inside, BOB, "viewer").nothing()
    project.when(decisions.change_member_role, inside, EVE, "viewer").refused(Kind.NOT_FOUND)
    project.when(decisions.remove_member, EVE).refused(Kind.NOT_FOUND)


def test_whoever_came_back_to_the_workspace_can_be_named_again():
    inside = workspace_of(BOB_MEMBER).state
    project = project_of(object(), object(), ProjectMemberAdded(user_id=BOB, role="viewer"))
    back = WORKSPACE.fold(
        [
            (WorkspaceMemberRemoved(user_id=BOB, was="member"), stamp(7, WORKSPACE_ID)),
            (WorkspaceMemberAdded(user_id=BOB, role="member"), stamp(8, WORKSPACE_ID)),
        ],
        inside,
    )
    project.when(decisions.add_member, back, BOB, "viewer").then(
        ProjectMemberAdded(user_id=BOB, role="viewer")
    )


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


def test_a_changed_workflow_names_statuses_by_key_and_mends_the_board():
    after = project_of().when(decisions.change_workflow, SMALL, ids("col"), LIMITS)
    (event,) = after.decide()
    assert (event.workflow.initial, event.was) == ("open", DEFAULT_WORKFLOW)
    assert [(each.source, each.target) for each in event.workflow.transitions] == [
        ("open", "done"),
        ("done", "shipped"),
    ]
    assert [column.statuses for column in event.columns] == [("done",), ("open",), ("shipped",)]
    assert event.columns[0] == COLUMNS[4]
    same = project_of(event).when(decisions.change_workflow, SMALL, ids("col"), LIMITS)
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
    project_of().when(decisions.change_workflow, wrong, ids("col"), LIMITS).invalid(
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
    project_of().when(decisions.change_workflow, none, (), LIMITS).invalid("/statuses")
    many = replace(SMALL, transitions=SMALL.transitions * 501)
    project_of().when(decisions.change_workflow, many, ids("col"), LIMITS).invalid("/transitions")


def test_where_the_tasks_of_a_status_that_goes_stand_afterwards():
    moves = decisions.resettle(DEFAULT_WORKFLOW, SMALL, {"To do": "Open", "in_review": "shipped"})
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
    moves = decisions.resettle(DEFAULT_WORKFLOW, changed, {})
    assert {old: new.category for old, new in moves.statuses.items()} == {"cancelled": "done"}
    assert moves.without_target == ()


def test_tasks_are_moved_only_from_what_goes_to_what_there_is():
    with pytest.raises(Invalid) as caught:
        decisions.resettle(
            DEFAULT_WORKFLOW, SMALL, {"done": "open", "todo": "nowhere", "limbo": "open"}
        )
    assert [(each.pointer, each.code, each.detail) for each in caught.value.problems] == [
        ("/move_to", "invalid", "The status done stays, so its tasks stay in it."),
        ("/move_to", "unknown", "The changed workflow has no status nowhere."),
        ("/move_to", "unknown", "There is no status limbo here."),
    ]


def columns(*laid: tuple[str, ...]) -> tuple[ColumnDraft, ...]:
    return tuple(ColumnDraft(name=f"C{n}", statuses=statuses) for n, statuses in enumerate(laid))


def test_the_log_says_who_is_named_in_a_project_since_when():
    state = project_of().state
    first = START + timedelta(seconds=1)
    assert state.members == {ANN: Membership("admin", first, 1)}
    for event in (
        ProjectMemberAdded(user_id=BOB, role="viewer"),
        ProjectMemberRoleChanged(user_id=BOB, role="member", was="viewer"),
        ProjectTeamAdded(team_id="team_1", role="viewer"),
        ProjectTeamRoleChanged(team_id="team_1", role="admin", was="viewer"),
        ProjectTeamAdded(team_id="team_2", role="viewer"),
        ProjectTeamRemoved(team_id="team_2", was="viewer"),
        ProjectArchived(),
        ProjectUnarchived(),
    ):
        state = PROJECT.evolve(state, event, stamp(state.version + 1, PROJECT_ID))
    assert state.members[BOB] == Membership("member", first + timedelta(seconds=1), 2)
    assert state.teams == {"team_1": Membership("admin", first + timedelta(seconds=3), 4)}
    assert state.archived_at is None


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
    project.when(decisions.change_columns, drafts, fresh, LIMITS).then(
        ProjectColumnsChanged(columns=laid, was=COLUMNS)
    )
    same = tuple(
        ColumnDraft(column_id=each.column_id, name=each.name, statuses=each.statuses)
        for each in COLUMNS
    )
    project.when(decisions.change_columns, same, ids("col", 6), LIMITS).nothing()
    project.when(decisions.change_columns, same, ids("col", 6), LIMITS, "label").then(
        ProjectSwimlaneChanged(swimlane="label", was="assignee")
    )
    project.when(decisions.change_columns, same, ids("col", 6), LIMITS, "colour").invalid(
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
    project_of().when(decisions.change_columns, twice, ids("col", 2), LIMITS).invalid(
        "/columns/1/column_id unknown", "/columns incomplete"
    )
    project_of().when(decisions.change_columns, drafts, ids("col", 3), LIMITS).invalid(
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
    project.when(decisions.change_fields, [renamed], ["fld_2"], LIMITS).then(
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
        project.when(decisions.change_fields, [wrong], ["fld_2"], LIMITS).invalid(pointer)
    twice = [renamed, replace(renamed, field_id=None)]
    project.when(decisions.change_fields, twice, ["a", "b"], LIMITS).invalid("/fields/1/key")
    project.when(decisions.change_fields, [], [], LIMITS).then(
        ProjectFieldsChanged(fields=(), was=(defined,))
    )


def test_whoever_keeps_what_people_may_hears_of_a_change_of_privacy():
    event = ProjectPrivacyChanged(is_private=True, was=False)
    state = project_of().state
    assert PROJECT.touches(state, event, WORKSPACE_ID) == (f"access:{WORKSPACE_ID}",)
    assert PROJECT.touches(state, ProjectRenamed(name="x", was="y"), WORKSPACE_ID) == ()
    changed = ProjectWorkflowChanged(workflow=SMALL, columns=(), was=DEFAULT_WORKFLOW)
    assert PROJECT.touches(state, changed, WORKSPACE_ID) == ()
    assert state.project_id == PROJECT_ID
