"""Who may come into a workspace, as what, and who may not leave it."""

from datetime import timedelta

from domain.errors import Kind
from domain.workspace import decisions
from domain.workspace.events import (
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceRenamed,
)
from domain.workspace.state import WORKSPACE, Membership
from tests.domain.examples import project_of, workspace_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, START, WORKSPACE_ID, stamp


def test_a_workspace_is_renamed_once():
    workspace_of().when(decisions.rename, "Beta", LIMITS).then(
        WorkspaceRenamed(name="Beta", was="Acme")
    )
    workspace_of().when(decisions.rename, "Acme", LIMITS).nothing()
    workspace_of().when(decisions.rename, "\t", LIMITS).invalid("/name")
    workspace_of().when(decisions.rename, "a\x00b", LIMITS).invalid("/name characters")
    assert workspace_of().state.is_personal is False
    assert project_of().state.is_personal is False


def test_somebody_comes_in_once():
    after = (
        workspace_of()
        .when(decisions.add_member, BOB, "guest", ANN)
        .then(WorkspaceMemberAdded(user_id=BOB, role="guest"))
    )
    assert after.role_of(BOB) == "guest"
    inside = workspace_of((BOB, "guest"))
    inside.when(decisions.add_member, BOB, "guest", ANN).nothing()
    inside.when(decisions.add_member, BOB, "member", ANN).refused(
        Kind.ALREADY_EXISTS, field="user_id"
    )
    inside.when(decisions.add_member, EVE, "king", ANN).invalid("/role")


def test_a_role_changes_and_membership_keeps_its_beginning():
    inside = workspace_of((BOB, "guest"))
    after = inside.when(decisions.change_member_role, BOB, "admin", ANN).then(
        WorkspaceMemberRoleChanged(user_id=BOB, role="admin", was="guest")
    )
    assert after.members[BOB].joined_at == inside.state.members[BOB].joined_at
    inside.when(decisions.change_member_role, BOB, "guest", ANN).nothing()
    inside.when(decisions.change_member_role, EVE, "guest", ANN).refused(Kind.NOT_FOUND)


def test_the_log_says_who_belongs_to_a_workspace_since_when():
    """Also a log that was not decided here."""
    state = workspace_of((BOB, "guest")).state
    assert state.members[ANN] == Membership("owner", START + timedelta(seconds=1), 1)
    assert state.members[BOB] == Membership("guest", START + timedelta(seconds=2), 2)
    for event, owners, role in (
        (WorkspaceMemberRoleChanged(user_id=BOB, role="owner", was="guest"), (ANN, BOB), "owner"),
        (WorkspaceMemberRoleChanged(user_id=ANN, role="owner", was="guest"), (ANN,), "guest"),
        (WorkspaceMemberRoleChanged(user_id=ANN, role="guest", was="owner"), (ANN,), "guest"),
        (WorkspaceMemberRemoved(user_id=ANN, was="owner"), (ANN,), "guest"),
    ):
        after = WORKSPACE.evolve(state, event, stamp(3, WORKSPACE_ID))
        assert after is not None
        assert (after.owners, after.role_of(BOB)) == (owners, role), event
    strange = WorkspaceMemberRoleChanged(user_id=EVE, role="admin", was="guest")
    after = WORKSPACE.evolve(state, strange, stamp(3, WORKSPACE_ID))
    assert after is not None
    assert after.members[EVE] == Membership("admin", START + timedelta(seconds=3), 3)
    two = workspace_of((BOB, "owner")).state
    left = WORKSPACE.evolve(
        two, WorkspaceMemberRemoved(user_id=ANN, was="owner"), stamp(3, WORKSPACE_ID)
    )
    assert left is not None
    assert left.owners == (BOB,)


def test_the_last_owner_cannot_go_nor_step_down():
    alone = workspace_of((BOB, "admin"))
    alone.when(decisions.remove_member, ANN, ANN).refused(Kind.LAST_OWNER)
    alone.when(decisions.change_member_role, ANN, "member", ANN).refused(Kind.LAST_OWNER)
    two = workspace_of((BOB, "owner"))
    after = two.when(decisions.remove_member, ANN, ANN).then(
        WorkspaceMemberRemoved(user_id=ANN, was="owner")
    )
    assert after.role_of(ANN) is None


def test_only_owners_make_and_unmake_owners():
    inside = workspace_of((BOB, "admin"), (EVE, "owner"))
    inside.when(decisions.add_member, "user_x", "owner", BOB).refused(Kind.FORBIDDEN)
    inside.when(decisions.change_member_role, BOB, "owner", BOB).refused(Kind.FORBIDDEN)
    inside.when(decisions.change_member_role, EVE, "guest", BOB).refused(Kind.FORBIDDEN)
    inside.when(decisions.remove_member, EVE, BOB).refused(Kind.FORBIDDEN)
    inside.when(decisions.change_member_role, BOB, "owner", ANN).then(
        WorkspaceMemberRoleChanged(user_id=BOB, role="owner", was="admin")
    )


def test_whoever_keeps_what_people_may_hears_of_every_change_of_members():
    state = workspace_of().state
    for event in (
        WorkspaceMemberAdded(user_id=BOB, role="guest"),
        WorkspaceMemberRoleChanged(user_id=BOB, role="guest", was="member"),
        WorkspaceMemberRemoved(user_id=BOB, was="guest"),
    ):
        assert WORKSPACE.touches(state, event, WORKSPACE_ID) == (f"access:{WORKSPACE_ID}",)
    assert WORKSPACE.touches(state, WorkspaceRenamed(name="x", was="y"), WORKSPACE_ID) == ()
