"""Who is in a project, and since when."""

from datetime import timedelta

from domain.errors import Kind
from domain.project import membership
from domain.project.events import (
    ProjectArchived,
    ProjectMemberAdded,
    ProjectMemberRoleChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectUnarchived,
)
from domain.project.state import PROJECT
from domain.workspace.events import WorkspaceMemberAdded, WorkspaceMemberRemoved
from domain.workspace.state import WORKSPACE, Membership
from tests.domain.examples import BOB_MEMBER, project_of, workspace_of
from tests.domain.given import ANN, BOB, EVE, PROJECT_ID, START, WORKSPACE_ID, stamp


def test_only_people_of_the_workspace_are_named_in_a_project():
    inside = workspace_of(BOB_MEMBER).state
    project = project_of(object(), object())
    project.when(membership.add_member, inside, BOB, "viewer").then(
        ProjectMemberAdded(user_id=BOB, role="viewer")
    )
    project.when(membership.add_member, inside, EVE, "viewer").invalid("/user_id")
    project.when(membership.add_member, inside, BOB, "owner").invalid("/role")


def test_a_named_role_changes_only_for_whom_it_names():
    inside = workspace_of(BOB_MEMBER).state
    project = project_of(object(), object(), ProjectMemberAdded(user_id=BOB, role="viewer"))
    project.when(membership.add_member, inside, BOB, "viewer").nothing()
    project.when(membership.add_member, inside, BOB, "admin").refused(
        Kind.ALREADY_EXISTS, field="user_id"
    )
    project.when(membership.change_member_role, inside, BOB, "admin").then(
        ProjectMemberRoleChanged(user_id=BOB, role="admin", was="viewer")
    )
    project.when(membership.change_member_role, inside, BOB, "viewer").nothing()
    project.when(membership.change_member_role, inside, EVE, "viewer").refused(Kind.NOT_FOUND)
    project.when(membership.remove_member, EVE).refused(Kind.NOT_FOUND)


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
    project.when(membership.add_member, back, BOB, "viewer").then(
        ProjectMemberAdded(user_id=BOB, role="viewer")
    )


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
