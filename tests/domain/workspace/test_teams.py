"""Teams: who is in them, what they give, and that it goes with them; and who owns what."""

from datetime import timedelta

import pytest

from domain.errors import Invalid, Kind
from domain.project import decisions as projects
from domain.project import membership
from domain.project.events import (
    ProjectMemberAdded,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectSettingsChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
)
from domain.project.state import PROJECT
from domain.values.limits import Limits
from domain.workspace import decisions
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberSuspended,
    WorkspaceTransferred,
)
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE, Team
from tests.domain.examples import project_of, workspace_of
from tests.domain.given import (
    ANN,
    BOB,
    EVE,
    LIMITS,
    PROJECT_ID,
    START,
    WORKSPACE_ID,
    Case,
    given,
    stamp,
)

RED, BLUE = (f"team_0000000000000000000000000{n}" for n in "12")


def with_teams(*events: object, role: str = "guest") -> Case:
    """Ann's workspace with Bob in it and in the team red."""
    return given(
        WORKSPACE,
        WORKSPACE_ID,
        *workspace_of((BOB, role)).events,
        TeamCreated(team_id=RED, name="Red"),
        TeamMemberAdded(team_id=RED, user_id=BOB),
        *events,
    )


def test_a_team_is_made_named_and_done_away_with():
    workspace_of().when(decisions.create_team, RED, "Red", LIMITS).then(
        TeamCreated(team_id=RED, name="Red")
    )
    one = with_teams()
    one.when(decisions.create_team, BLUE, "rED", LIMITS).refused(Kind.ALREADY_EXISTS, field="name")
    one.when(decisions.create_team, BLUE, " ", LIMITS).invalid("/name blank")
    one.when(decisions.create_team, BLUE, "Blue", Limits(teams=1)).invalid("/name too-many")
    one.when(decisions.create_team, "team_x", "Blue", LIMITS).invalid("/team_id")
    one.when(decisions.rename_team, RED, "Red", LIMITS).nothing()
    one.when(decisions.rename_team, RED, "RED", LIMITS).then(
        TeamRenamed(team_id=RED, name="RED", was="Red")
    )
    one.when(decisions.rename_team, BLUE, "x", LIMITS).refused(Kind.NOT_FOUND)
    after = one.when(decisions.delete_team, RED).then(
        TeamDeleted(team_id=RED, was="Red", members=(BOB,))
    )
    assert after.teams == {}


def test_the_log_says_of_a_team_who_named_it_and_who_is_in_it_since_when():
    state = workspace_of((BOB, "guest")).state
    for event in (
        TeamCreated(team_id=RED, name="Red"),
        TeamCreated(team_id=BLUE, name="Blue"),
        TeamMemberAdded(team_id=RED, user_id=BOB),
        TeamMemberAdded(team_id=RED, user_id=ANN),
        TeamMemberAdded(team_id=RED, user_id=BOB),
        TeamMemberRemoved(team_id=RED, user_id=ANN),
        TeamRenamed(team_id=BLUE, name="Navy", was="Blue"),
        TeamMemberAdded(team_id="team_x", user_id=BOB),
        TeamRenamed(team_id="team_x", name="x", was="y"),
        TeamMemberRemoved(team_id="team_x", user_id=BOB),
    ):
        at = stamp(state.version + 1, WORKSPACE_ID, authors={"name": f"namer of {event.team_id}"})
        state = WORKSPACE.evolve(state, event, at)
    assert state.teams == {
        RED: Team(
            team_id=RED,
            name="Red",
            name_author=f"namer of {RED}",
            members={BOB: START + timedelta(seconds=5)},
            created_at=START + timedelta(seconds=3),
            position=3,
        ),
        BLUE: Team(
            team_id=BLUE,
            name="Navy",
            name_author=f"namer of {BLUE}",
            members={},
            created_at=START + timedelta(seconds=4),
            position=4,
        ),
    }


def test_only_members_come_into_a_team_and_once():
    one = with_teams()
    one.when(decisions.add_team_member, RED, BOB, LIMITS).nothing()
    one.when(decisions.add_team_member, RED, EVE, LIMITS).refused(Kind.NOT_FOUND)
    one.when(decisions.add_team_member, BLUE, BOB, LIMITS).refused(Kind.NOT_FOUND)
    one.when(decisions.add_team_member, RED, ANN, Limits(team_members=1)).invalid(" too-many")
    one.when(decisions.add_team_member, RED, ANN, LIMITS).then(
        TeamMemberAdded(team_id=RED, user_id=ANN)
    )
    one.when(decisions.remove_team_member, RED, BOB).then(
        TeamMemberRemoved(team_id=RED, user_id=BOB)
    )
    one.when(decisions.remove_team_member, RED, ANN).refused(Kind.NOT_FOUND)


def test_whoever_leaves_the_workspace_leaves_its_teams():
    after = (
        with_teams()
        .when(decisions.remove_member, BOB, ANN)
        .then(WorkspaceMemberRemoved(user_id=BOB, was="guest"))
    )
    assert after.teams_of(BOB) == ()
    back = WORKSPACE.evolve(
        after, WorkspaceMemberAdded(user_id=BOB, role="guest"), stamp(9, WORKSPACE_ID)
    )
    assert back.teams_of(BOB) == ()


@pytest.mark.parametrize(
    ("role", "named", "team", "expected"),
    [
        ("guest", None, "viewer", "viewer"),
        ("guest", "viewer", "admin", "admin"),
        ("member", "admin", "viewer", "admin"),
        ("member", None, "viewer", "viewer"),
        ("auditor", None, "admin", "viewer"),
        ("admin", None, "viewer", "admin"),
    ],
)
def test_in_a_project_one_is_the_highest_of_what_it_names_one_and_ones_teams(
    role, named, team, expected
):
    workspace = with_teams(role=role).state
    project = project_of(
        *[object()] * 2,
        *([ProjectMemberAdded(user_id=BOB, role=named)] if named else []),
        ProjectTeamAdded(team_id=RED, role=team),
        is_private=True,
    ).state
    assert project_role(workspace, project, BOB) == expected
    gone = with_teams(TeamDeleted(team_id=RED, was="Red", members=(BOB,)), role=role).state
    unnamed = {"auditor": "viewer", "admin": "admin"}.get(role)
    assert project_role(gone, project, BOB) == (unnamed or named)


def test_a_project_names_teams_of_its_workspace():
    workspace = with_teams(TeamCreated(team_id=BLUE, name="Blue")).state
    project_of().when(membership.add_team, workspace, RED, "viewer").then(
        ProjectTeamAdded(team_id=RED, role="viewer")
    )
    project_of().when(membership.add_team, workspace, "team_x", "viewer").invalid(
        "/team_id unknown"
    )
    project_of().when(membership.add_team, workspace, RED, "king").invalid("/role unknown")
    named = project_of(ProjectTeamAdded(team_id=RED, role="viewer"))
    named.when(membership.add_team, workspace, RED, "viewer").nothing()
    named.when(membership.add_team, workspace, RED, "admin").refused(
        Kind.ALREADY_EXISTS, field="team_id"
    )
    named.when(membership.change_team_role, workspace, RED, "admin").then(
        ProjectTeamRoleChanged(team_id=RED, role="admin", was="viewer")
    )
    named.when(membership.change_team_role, workspace, BLUE, "admin").refused(Kind.NOT_FOUND)
    named.when(membership.remove_team, workspace, BLUE).refused(Kind.NOT_FOUND)
    named.when(membership.remove_team, workspace, RED).then(
        ProjectTeamRemoved(team_id=RED, was="viewer")
    )
    named.when(membership.change_teams, workspace, (BLUE, BLUE)).then(
        ProjectTeamRemoved(team_id=RED, was="viewer"), ProjectTeamAdded(team_id=BLUE, role="member")
    )
    named.when(membership.change_teams, workspace, (RED,)).nothing()
    named.when(membership.change_teams, workspace, (RED, "team_x")).invalid("/team_ids/1 unknown")


def test_a_project_forgets_deleted_teams_once_they_are_many():
    workspace = with_teams().state
    gone = [f"team_{number:026}" for number in range(100, 200)]
    names = [ProjectTeamAdded(team_id=each, role="viewer") for each in gone]
    few = project_of(*names[1:])
    few.when(membership.add_team, workspace, RED, "viewer").then(
        ProjectTeamAdded(team_id=RED, role="viewer")
    )
    after = project_of(*names)
    for added in (
        decided.state.teams.keys()
        for decided in (
            project_of(*names, *membership.add_team(after.state, workspace, RED, "viewer")),
            project_of(*names, *membership.change_teams(after.state, workspace, (RED,))),
        )
    ):
        assert set(added) == {RED}
    forgotten = membership.add_team(after.state, workspace, RED, "viewer")[:-1]
    assert forgotten == tuple(ProjectTeamRemoved(team_id=each, was="viewer") for each in gone)
    named = project_of(*names, ProjectTeamAdded(team_id=RED, role="viewer"))
    named.when(membership.change_teams, workspace, (RED,)).nothing()


def test_a_workspace_is_handed_over_by_an_owner():
    inside = workspace_of((BOB, "guest"))
    after = inside.when(decisions.transfer, BOB, ANN).then(
        WorkspaceTransferred(owner_id=BOB, was=ANN, was_role="guest", stepped_down=ANN)
    )
    assert (after.owners, after.role_of(BOB), after.role_of(ANN)) == ((BOB,), "owner", "admin")
    inside.when(decisions.transfer, EVE, ANN).invalid("/owner_id unknown")
    inside.when(decisions.transfer, BOB, BOB).refused(Kind.FORBIDDEN)
    inside.when(decisions.transfer, ANN, ANN).nothing()
    workspace_of((BOB, "owner")).when(decisions.transfer, BOB, BOB).then(
        WorkspaceTransferred(owner_id=BOB, was=ANN, was_role="owner")
    )


def test_whoever_runs_the_product_gives_an_imported_workspace_an_owner():
    joined = WorkspaceMemberAdded(user_id=EVE, role="owner")
    stands = WorkspaceTransferred(owner_id=EVE, was=ANN, was_role="owner")
    after = workspace_of().when(decisions.take_over, EVE).then(joined, stands)
    assert after.owners == (EVE, ANN)
    workspace_of((BOB, "guest")).when(decisions.take_over, BOB).then(
        WorkspaceTransferred(owner_id=BOB, was=ANN, was_role="guest")
    )
    workspace_of().when(decisions.take_over, ANN).nothing()
    suspended = WorkspaceMemberSuspended(user_id=BOB, role="member")
    given(WORKSPACE, WORKSPACE_ID, *workspace_of((BOB, "member")).events, suspended).when(
        decisions.take_over, BOB
    ).invalid("/user")


def test_another_owner_stands_for_the_workspace_when_the_first_goes():
    two = workspace_of((BOB, "owner"))
    after = two.when(decisions.change_member_role, ANN, "member", ANN).then(
        *decisions.change_member_role(two.state, ANN, "member", ANN)
    )
    assert after.owner_id == BOB


def test_a_program_never_owns_a_workspace():
    service = ServiceAccountAdded(user_id=BOB, role="admin")
    inside = given(WORKSPACE, WORKSPACE_ID, *workspace_of().events, service)
    inside.when(decisions.change_member_role, BOB, "owner", ANN).invalid("/role")
    inside.when(decisions.transfer, BOB, ANN).invalid("/owner_id")
    inside.when(decisions.add_service, EVE, "owner", LIMITS).invalid("/role")
    inside.when(decisions.add_member, EVE, "owner", ANN, is_service=True).invalid("/role")


def test_a_workspace_has_so_many_programs_and_they_are_members():
    one = given(
        WORKSPACE,
        WORKSPACE_ID,
        *workspace_of((EVE, "member")).events,
        ServiceAccountAdded(user_id=BOB, role="admin"),
    )
    assert decisions.services_in(one.state) == (BOB,)
    added = ServiceAccountAdded(user_id="user_x", role="guest")
    one.when(decisions.add_service, "user_x", "guest", Limits(service_accounts=2)).then(added)
    full = Limits(service_accounts=1)
    one.when(decisions.add_service, "user_x", "guest", full).invalid(" too-many")
    one.when(decisions.add_service, "user_x", "king", LIMITS).invalid("/role unknown")
    one.when(decisions.add_member, "user_x", "guest", ANN, is_service=True).then(added)


def test_whoever_is_given_a_project_is_an_admin_of_it():
    workspace = workspace_of((BOB, "guest")).state
    changed = ProjectOwnerChanged(owner_id=BOB, was=ANN)
    project_of().when(membership.change_owner, workspace, BOB).then(
        changed, ProjectMemberAdded(user_id=BOB, role="admin")
    )
    named = [object(), object(), ProjectMemberAdded(user_id=BOB, role="viewer")]
    project_of(*named).when(membership.change_owner, workspace, BOB).then(
        changed, ProjectMemberRoleChanged(user_id=BOB, role="admin", was="viewer")
    )
    admin = [object(), object(), ProjectMemberAdded(user_id=BOB, role="admin")]
    project_of(*admin).when(membership.change_owner, workspace, BOB).then(changed)
    project_of().when(membership.change_owner, workspace, ANN).nothing()
    project_of().when(membership.change_owner, workspace, EVE).invalid("/owner_id unknown")


def test_settings_are_few_and_known():
    project_of().when(projects.change_settings, {"colour": "#00ff00", "estimate_unit": None}).then(
        ProjectSettingsChanged(settings={"colour": "#00ff00"}, was={"colour": None})
    )
    after = project_of(ProjectSettingsChanged(settings={"colour": "#00ff00"}, was={}))
    after.when(projects.change_settings, {"colour": "#00ff00"}).nothing()
    cleared = after.when(projects.change_settings, {"colour": None}).then(
        ProjectSettingsChanged(settings={"colour": None}, was={"colour": "#00ff00"})
    )
    assert cleared.settings == {}
    after.when(
        projects.change_settings, {"colour": "red", "x/y": "z", "week_starts_on": 1}
    ).invalid("/settings/colour", "/settings/x~1y unknown", "/settings/week_starts_on")
    with pytest.raises(Invalid, match="Must be one of monday, saturday, sunday"):
        projects.change_settings(after.state, {"week_starts_on": "friday"})


def test_access_is_read_again_after_every_change_of_a_team():
    state = with_teams().state
    for event in (
        TeamDeleted(team_id=RED, was="Red", members=(BOB,)),
        TeamMemberAdded(team_id=RED, user_id=ANN),
        TeamMemberRemoved(team_id=RED, user_id=BOB),
        WorkspaceTransferred(owner_id=BOB, was=ANN, was_role="guest"),
    ):
        assert WORKSPACE.touches(state, event, WORKSPACE_ID) == (f"access:{WORKSPACE_ID}",)
    assert WORKSPACE.touches(state, TeamCreated(team_id=BLUE, name="x"), WORKSPACE_ID) == ()
    project = project_of().state
    for event in (
        ProjectTeamAdded(team_id=RED, role="viewer"),
        ProjectTeamRoleChanged(team_id=RED, role="viewer", was="admin"),
        ProjectTeamRemoved(team_id=RED, was="viewer"),
    ):
        assert PROJECT.touches(project, event, WORKSPACE_ID) == (f"access:{WORKSPACE_ID}",)
    assert project.project_id == PROJECT_ID
