"""Who belongs where, and what that lets them see."""

import json
from dataclasses import replace

import pytest
from msgspec import msgpack

from domain.project.state import Project
from domain.user.events import UserRenamed
from domain.values.text import ERASED
from domain.workspace.events import (
    WorkspaceInvitationAccepted,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
)
from domain.workspace.roles import WORKSPACE_ROLES, project_role
from domain.workspace.state import Membership, Team, Workspace
from projections.access import AccessSet, ProjectAccess
from projections.members import MEMBERS_VIEW
from tests.projections.history import BEGAN, History, made_id
from tests.projections.memory import folded

ADA, BOB = made_id("user", 1), made_id("user", 2)
WS, OPEN, PRIVATE = made_id("ws", 1), made_id("proj", 1), made_id("proj", 2)
TEAM = made_id("team", 1)


def at(role: str, position: int = 1) -> Membership:
    return Membership(role, BEGAN, position)


@pytest.mark.parametrize("role", [*WORKSPACE_ROLES, "stranger"])
@pytest.mark.parametrize("named", [None, 1, 5])
@pytest.mark.parametrize("in_team", [None, "viewer", "admin"])
@pytest.mark.parametrize("is_private", [False, True])
def test_an_access_set_says_what_the_domain_says(
    role: str, named: int | None, in_team: str | None, is_private: bool
) -> None:
    members = {} if role == "stranger" else {BOB: at(role, 3)}
    in_project = {} if named is None else {BOB: at("viewer", named)}
    team = Team(
        team_id=TEAM, name="T", name_author=ADA, members={BOB: BEGAN}, created_at=BEGAN, position=2
    )
    named_teams = {} if in_team is None else {TEAM: at(in_team, 4)}
    access = AccessSet(
        WS,
        9,
        members,
        {OPEN: ProjectAccess(is_private, False, in_project, named_teams)},
        {BOB: (TEAM,)},
    )
    past = History()
    past.project(1, WS, is_private=is_private)
    project: Project = past.states[OPEN]
    workspace = Workspace(
        workspace_id=WS, name="W", is_personal=False, owners=(ADA,), members=members,
        teams={TEAM: team},
        created_at=BEGAN, updated_at=BEGAN, updated_by=ADA, version=1, position=1, name_author=ADA,
    )  # fmt: skip
    project = replace(project, members=in_project, teams=named_teams)
    expected = project_role(workspace, project, BOB)
    assert access.project_role(BOB, OPEN) == expected


def test_a_member_sees_all_but_private_projects_and_a_guest_only_those_that_name_them() -> None:
    projects = {
        OPEN: ProjectAccess(False, False, {}),
        PRIVATE: ProjectAccess(True, False, {BOB: at("member", 2)}),
    }
    member = AccessSet(WS, 9, {ADA: at("member"), BOB: at("guest")}, projects)
    assert (member.scope(ADA).workspaces, member.scope(ADA).hidden) == ((WS,), (PRIVATE,))
    assert member.scope(BOB).workspaces == ()
    assert (member.scope(BOB).projects, member.scope(BOB).tenants) == ((PRIVATE,), (WS,))
    assert member.scope(made_id("user", 9)).tenants == ()


def test_the_directory_follows_people_and_where_they_stand() -> None:
    past = History()
    past.user(1, "Ada")
    past.user(2, "Bob")
    past.workspace(1, ADA)
    accepted = WorkspaceInvitationAccepted(
        invitation_id=made_id("inv", 1), user_id=BOB, role="member"
    )
    past.record(WS, WS, WorkspaceMemberAdded(user_id=BOB, role="member"))
    past.record(WS, WS, accepted)
    past.record(WS, WS, WorkspaceMemberRoleChanged(user_id=BOB, role="admin", was="member"))
    past.record("system", BOB, UserRenamed(name="Robert", was="Bob"), BOB)
    stored = folded(MEMBERS_VIEW, [past.events]).stored
    person = stored["people"][(BOB,)]
    assert (person["name"], person["changed"]) == (b'"Robert"', past.position)
    own = json.loads(person["own"])
    assert own["workspaces"] == [{"workspace_id": WS, "role": "admin", "team_ids": []}]
    assert own["email"] == "user2@example.org"
    assert "email" not in json.loads(person["doc"])
    assert json.loads(stored["members"][(WS, BOB)]["doc"]) == {
        "id": BOB,
        "user_id": BOB,
        "name": BOB,
        "role": "admin",
        "team_ids": [],
        "is_service_account": False,
        "suspended": False,
        "joined_at": "2026-03-01T09:00:04Z",
    }
    past.record(WS, WS, WorkspaceMemberRemoved(user_id=BOB, was="admin"))
    past.record("system", BOB, UserRenamed(name=ERASED, was=ERASED), BOB)
    stored = folded(MEMBERS_VIEW, [past.events]).stored
    assert (WS, BOB) not in stored["members"]
    person = stored["people"][(BOB,)]
    assert (person["name"], json.loads(person["own"])["workspaces"]) == (b"null", [])
    assert msgpack.decode(person["been"]) == {WS: [made_id("inv", 1)]}
