"""Who is invited, who is suspended, and when a workspace is closed."""

from dataclasses import replace
from datetime import timedelta

from domain.errors import Kind
from domain.values.text import ERASED
from domain.workspace import comings, decisions
from domain.workspace.events import (
    WorkspaceClosed,
    WorkspaceInvitationAccepted,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberSuspended,
    WorkspaceReopened,
)
from domain.workspace.state import WORKSPACE, Invitation
from tests.domain.examples import BOB_MEMBER, workspace_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, START, WORKSPACE_ID, given

INVITATION = "inv_00000000000000000000000001"
OTHER = "inv_00000000000000000000000002"
EXPIRES = START + timedelta(days=14)


def invited(invitation_id=INVITATION, email="eve@example.org", role="member"):
    return WorkspaceMemberInvited(
        invitation_id=invitation_id, email=email, role=role, expires_at=EXPIRES
    )


def inviting(**other):
    return {
        "invitation_id": INVITATION,
        "email": "eve@example.org",
        "role": "member",
        "actor_id": ANN,
        "now": START,
        "limits": LIMITS,
        **other,
    }


def after(*events):
    """Ann's workspace with Bob in it, after these events."""
    begun = workspace_of(BOB_MEMBER)
    return given(WORKSPACE, WORKSPACE_ID, *begun.events, *events)


def test_an_address_is_invited_once_at_a_time():
    state = after().when(comings.invite, **inviting()).then(invited())
    assert state.invitations[INVITATION] == Invitation(
        invitation_id=INVITATION,
        email="eve@example.org",
        role="member",
        invited_by=ANN,
        invited_at=START + timedelta(seconds=3),
        expires_at=EXPIRES,
    )
    expired = replace(invited(OTHER), expires_at=START + timedelta(seconds=4))
    assert list(after(expired, invited()).state.invitations) == [INVITATION]
    again = inviting(invitation_id=OTHER, email="EVE@example.org")
    after(invited()).when(comings.invite, **again).refused(Kind.ALREADY_EXISTS, field="email")
    late = {**again, "now": EXPIRES}
    made = WorkspaceMemberInvited(
        invitation_id=OTHER,
        email="EVE@example.org",
        role="member",
        expires_at=EXPIRES + timedelta(days=14),
    )
    after(invited()).when(comings.invite, **late).then(made)
    after().when(comings.invite, **inviting(email="eve")).invalid("/email")
    after().when(comings.invite, **inviting(role="king")).invalid("/role")
    after().when(comings.invite, **inviting(invitation_id="x")).invalid("/invitation_id")
    as_owner = inviting(role="owner")
    after().when(comings.invite, **as_owner).then(invited(role="owner"))
    only_owners = inviting(role="owner", actor_id=BOB)
    after().when(comings.invite, **only_owners).refused(Kind.FORBIDDEN)


def test_so_many_wait_at_once_and_no_more():
    limits = replace(LIMITS, invitations=1)
    full = inviting(invitation_id=OTHER, email="joe@example.org", limits=limits)
    after(invited()).when(comings.invite, **full).invalid("/email too-many")
    after(invited()).when(comings.invite, **{**full, "now": EXPIRES}).then(
        WorkspaceMemberInvited(
            invitation_id=OTHER,
            email="joe@example.org",
            role="member",
            expires_at=EXPIRES + timedelta(days=14),
        )
    )


def test_an_invitation_is_accepted_once():
    waits = after(invited(role="guest"))
    accepted = WorkspaceInvitationAccepted(invitation_id=INVITATION, user_id=EVE, role="guest")
    added = WorkspaceMemberAdded(user_id=EVE, role="guest")
    state = waits.when(comings.accept_invitation, INVITATION, EVE).then(accepted, added)
    assert (state.role_of(EVE), dict(state.invitations)) == ("guest", {})
    gone = after(invited(role="guest"), accepted, added)
    gone.when(comings.accept_invitation, INVITATION, EVE).refused(Kind.NOT_FOUND)
    already = WorkspaceInvitationAccepted(invitation_id=INVITATION, user_id=BOB, role="guest")
    state = waits.when(comings.accept_invitation, INVITATION, BOB).then(already)
    assert state.role_of(BOB) == "member"
    suspended = after(invited(), WorkspaceMemberSuspended(user_id=BOB, role="member"))
    suspended.when(comings.accept_invitation, INVITATION, BOB).refused(Kind.NOT_FOUND)


def test_an_invitation_is_renewed_and_revoked():
    later = START + timedelta(days=20)
    renewed = WorkspaceInvitationRenewed(
        invitation_id=INVITATION,
        role="member",
        expires_at=later + timedelta(days=14),
        was=EXPIRES,
    )
    waits = after(invited())
    state = waits.when(comings.renew_invitation, INVITATION, later, LIMITS).then(renewed)
    assert state.invitations[INVITATION].expires_at == later + timedelta(days=14)
    revoked = WorkspaceInvitationRevoked(invitation_id=INVITATION, role="member")
    waits.when(comings.revoke_invitation, INVITATION).then(revoked)
    gone = after(invited(), revoked)
    gone.when(comings.revoke_invitation, INVITATION).refused(Kind.NOT_FOUND)
    gone.when(comings.renew_invitation, INVITATION, later, LIMITS).refused(Kind.NOT_FOUND)


def test_an_address_is_sealed_under_the_invitation_s_own_key():
    assert WORKSPACE.authors(after().state, invited()) == {"email": INVITATION}
    erased = after(invited(email=ERASED))
    assert comings.invitation_for(list(erased.state.invitations.values()), "a@b") is None


def test_a_suspended_member_is_none_until_they_are_back():
    gone = WorkspaceMemberSuspended(user_id=BOB, role="member")
    inside = after()
    state = inside.when(comings.suspend_member, BOB, ANN).then(gone)
    assert state.role_of(BOB) is None
    out = after(gone)
    out.when(comings.suspend_member, BOB, ANN).nothing()
    out.when(decisions.add_member, BOB, "member", ANN).refused(Kind.ALREADY_EXISTS, field="user_id")
    out.when(decisions.change_member_role, BOB, "admin", ANN).refused(Kind.FORBIDDEN)
    back = WorkspaceMemberReactivated(user_id=BOB, role="member")
    state = out.when(comings.reactivate_member, BOB, ANN).then(back)
    assert state.members[BOB] == inside.state.members[BOB]
    assert state.suspended == {}
    inside.when(comings.reactivate_member, BOB, ANN).nothing()
    removed = WorkspaceMemberRemoved(user_id=BOB, was="member")
    state = out.when(decisions.remove_member, BOB, ANN).then(removed)
    assert (state.role_of(BOB), dict(state.suspended)) == (None, {})
    inside.when(comings.suspend_member, EVE, ANN).refused(Kind.NOT_FOUND)
    inside.when(comings.reactivate_member, EVE, ANN).refused(Kind.NOT_FOUND)


def test_no_owner_is_suspended_by_less_than_an_owner_nor_the_last_one():
    inside = workspace_of((BOB, "admin"))
    inside.when(comings.suspend_member, ANN, BOB).refused(Kind.FORBIDDEN)
    inside.when(comings.suspend_member, ANN, ANN).refused(Kind.FORBIDDEN)
    two = workspace_of((BOB, "owner"), (EVE, "owner"))
    gone = WorkspaceMemberSuspended(user_id=BOB, role="owner")
    state = two.when(comings.suspend_member, BOB, ANN).then(gone)
    assert state.owners == (ANN, EVE)
    out = given(WORKSPACE, WORKSPACE_ID, *two.events, gone)
    state = out.when(comings.reactivate_member, BOB, ANN).then(
        WorkspaceMemberReactivated(user_id=BOB, role="owner")
    )
    assert state.owners == (ANN, EVE, BOB)
    less = workspace_of((BOB, "owner"), (EVE, "admin"))
    out = given(WORKSPACE, WORKSPACE_ID, *less.events, gone)
    out.when(comings.reactivate_member, BOB, EVE).refused(Kind.FORBIDDEN)


def test_a_closed_workspace_has_nobody_and_then_everybody_again():
    inside = after()
    inside.when(comings.close, "Acne").invalid("/confirm")
    state = inside.when(comings.close, "Acme").then(WorkspaceClosed())
    assert (dict(state.members), state.is_closed_by(ANN), state.is_closed_by(BOB)) == (
        {},
        True,
        False,
    )
    closed = after(WorkspaceClosed())
    at = closed.state.closed_at
    state = closed.when(comings.reopen, at, LIMITS).then(WorkspaceReopened(was=at))
    assert (state.members, state.closed_at) == (inside.state.members, None)
    assert not state.is_closed_by(ANN)
    inside.when(comings.reopen, at, LIMITS).nothing()
    in_time = at + timedelta(days=30)
    closed.when(comings.reopen, in_time, LIMITS).then(WorkspaceReopened(was=at))
    too_late = in_time + timedelta(microseconds=1)
    closed.when(comings.reopen, too_late, LIMITS).refused(Kind.FORBIDDEN)
    personal = decisions.create(name="Me", owner_id=ANN, limits=LIMITS, is_personal=True)
    given(WORKSPACE, WORKSPACE_ID, *personal).when(comings.close, "Me").refused(Kind.FORBIDDEN)
