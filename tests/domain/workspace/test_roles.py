"""What each role may, in open and in private projects."""

import pytest

from domain.project.events import ProjectMemberAdded
from domain.workspace.events import WorkspaceMemberAdded, WorkspaceMemberRemoved
from domain.workspace.roles import (
    IN_PROJECT_UNNAMED,
    RIGHTS_IN_WORKSPACE,
    WORKSPACE_ROLES,
    Right,
    named_in_project,
    named_role,
    project_rights,
    project_role,
    role_in_project,
    workspace_rights,
)
from domain.workspace.state import WORKSPACE, Membership
from tests.domain.examples import project_of, workspace_of
from tests.domain.given import BOB, EVE, START, WORKSPACE_ID, stamp


@pytest.mark.parametrize(
    ("role", "in_open", "in_private", "named_viewer", "named_admin"),
    [
        ("owner", "admin", "admin", "admin", "admin"),
        ("admin", "admin", "admin", "admin", "admin"),
        ("member", "member", None, "viewer", "admin"),
        ("guest", None, None, "viewer", "admin"),
        ("auditor", "viewer", "viewer", "viewer", "viewer"),
        (None, None, None, None, None),
    ],
)
def test_what_somebody_is_in_a_project(role, in_open, in_private, named_viewer, named_admin):
    workspace = workspace_of(*([(BOB, role)] if role else [])).state

    def named(project_role: str) -> object:
        return project_of(*(_late(BOB, project_role)), is_private=True, owner_id=EVE).state

    assert project_role(workspace, project_of().state, BOB) == in_open
    private = project_of(is_private=True, owner_id=EVE).state
    assert project_role(workspace, private, BOB) == in_private
    assert project_role(workspace, named("viewer"), BOB) == named_viewer
    assert project_role(workspace, named("admin"), BOB) == named_admin


def _late(user_id: str, role: str) -> list[object]:
    """Named at a position after anybody came into the workspace."""
    return [object(), object(), ProjectMemberAdded(user_id=user_id, role=role)]


def test_whoever_left_and_came_back_is_named_nowhere_any_more():
    project = project_of(*_late(BOB, "admin"), is_private=True).state
    inside = workspace_of((BOB, "member")).state
    assert named_in_project(inside, project, BOB) == "admin"
    gone = WORKSPACE.evolve(
        inside, WorkspaceMemberRemoved(user_id=BOB, was="member"), stamp(5, WORKSPACE_ID)
    )
    assert project_role(gone, project, BOB) is None
    back = WORKSPACE.evolve(
        gone, WorkspaceMemberAdded(user_id=BOB, role="member"), stamp(6, WORKSPACE_ID)
    )
    assert project_role(back, project, BOB) is None


def test_a_stranger_has_no_right_at_all():
    workspace = workspace_of().state
    assert workspace_rights(workspace, BOB) == frozenset()
    assert project_rights(workspace, project_of().state, BOB) == frozenset()


def test_a_role_of_newer_code_gives_no_right():
    workspace = workspace_of((BOB, "emperor")).state
    assert workspace_rights(workspace, BOB) == frozenset()
    assert project_rights(workspace, project_of().state, BOB) == frozenset()


def test_every_role_stands_in_every_table():
    assert set(WORKSPACE_ROLES) == set(RIGHTS_IN_WORKSPACE) == set(IN_PROJECT_UNNAMED)


def test_an_auditor_writes_nothing():
    workspace = workspace_of((BOB, "auditor")).state
    rights = workspace_rights(workspace, BOB) | project_rights(workspace, project_of().state, BOB)
    assert rights == {Right.VIEW_WORKSPACE, Right.VIEW_PROJECT, Right.READ_TRAIL}


def test_a_role_of_newer_code_is_below_all_that_are_known():
    guest = Membership("guest", START, 1)
    unknown = Membership("boss", START, 2)
    assert role_in_project(guest, unknown, True, ("viewer",)) == "viewer"
    assert role_in_project(guest, unknown, True) == "boss"
    assert role_in_project(Membership("boss", START, 1), unknown, False) is None


def test_who_is_named_where_they_came_in_counts_as_named_since():
    member = Membership("guest", START, 5)
    assert named_role(member, Membership("viewer", START, 5)) == "viewer"
    assert named_role(member, Membership("viewer", START, 4)) is None
    assert named_role(Membership("guest", START, 0), Membership("viewer", START, 4)) is None
