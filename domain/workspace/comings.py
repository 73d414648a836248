"""How people come into a workspace by invitation, and are suspended; how all of it is closed."""

from datetime import datetime, timedelta

from domain.errors import Kind, Refused, invalid, not_found
from domain.values.ids import checked_id
from domain.values.limits import Limits
from domain.values.text import shown
from domain.values.text_rules import checked_email, normal_email
from domain.workspace.decisions import checked_role, only_owners_for_owners
from domain.workspace.events import (
    WorkspaceClosed,
    WorkspaceEvent,
    WorkspaceInvitationAccepted,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
    WorkspaceMemberReactivated,
    WorkspaceMemberSuspended,
    WorkspaceReopened,
)
from domain.workspace.state import Invitation, Workspace


def invite(
    workspace: Workspace,
    *,
    invitation_id: str,
    email: str,
    role: str,
    actor_id: str,
    now: datetime,
    limits: Limits,
) -> tuple[WorkspaceEvent, ...]:
    """Let whoever reads mail at this address come in."""
    checked_id(invitation_id, "inv", "/invitation_id")
    checked_role(role)
    checked_email(email)
    only_owners_for_owners(workspace, actor_id, role)
    waiting = [each for each in workspace.invitations.values() if each.expires_at > now]
    if invitation_for(waiting, email) is not None:
        raise Refused(
            Kind.ALREADY_EXISTS,
            "This address is invited already; send the invitation again, or revoke it first.",
            field="email",
        )
    if len(waiting) >= limits.invitations:
        raise invalid(
            "/email",
            f"At most {limits.invitations} invitations wait at once; revoke some first.",
            "too-many",
        )
    expires_at = now + timedelta(days=limits.invitation_days)
    return (
        WorkspaceMemberInvited(
            invitation_id=invitation_id, email=email, role=role, expires_at=expires_at
        ),
    )


def invitation_for(invitations: list[Invitation], email: str) -> Invitation | None:
    wanted = normal_email(email)
    return next((each for each in invitations if normal_email(shown(each.email)) == wanted), None)


def renew_invitation(
    workspace: Workspace, invitation_id: str, now: datetime, limits: Limits
) -> tuple[WorkspaceEvent, ...]:
    """It is good for as long as a new one from now on, expired or not."""
    invitation = invitation_of(workspace, invitation_id)
    return (
        WorkspaceInvitationRenewed(
            invitation_id=invitation_id,
            role=invitation.role,
            expires_at=now + timedelta(days=limits.invitation_days),
            was=invitation.expires_at,
        ),
    )


def revoke_invitation(workspace: Workspace, invitation_id: str) -> tuple[WorkspaceEvent, ...]:
    invitation = invitation_of(workspace, invitation_id)
    return (WorkspaceInvitationRevoked(invitation_id=invitation_id, role=invitation.role),)


def accept_invitation(
    workspace: Workspace, invitation_id: str, user_id: str
) -> tuple[WorkspaceEvent, ...]:
    """That it is theirs, and good, was asked before. A member stays what they are."""
    invitation = invitation_of(workspace, invitation_id)
    accepted = WorkspaceInvitationAccepted(
        invitation_id=invitation_id, user_id=user_id, role=invitation.role
    )
    if user_id in workspace.suspended:
        raise not_found("invitation")
    if workspace.role_of(user_id) is not None:
        return (accepted,)
    return (accepted, WorkspaceMemberAdded(user_id=user_id, role=invitation.role))


def invitation_of(workspace: Workspace, invitation_id: str) -> Invitation:
    """Raises Refused(NOT_FOUND) for one that does not wait, or no longer."""
    invitation = workspace.invitations.get(invitation_id)
    if invitation is None:
        raise not_found("invitation")
    return invitation


def suspend_member(workspace: Workspace, user_id: str, actor_id: str) -> tuple[WorkspaceEvent, ...]:
    if user_id in workspace.suspended:
        return ()
    present = workspace.role_of(user_id)
    if present is None:
        raise not_found("member")
    if user_id == actor_id:
        raise Refused(Kind.FORBIDDEN, "You cannot suspend yourself; leave the workspace instead.")
    # So an owner goes on being there: only another one may suspend an owner.
    only_owners_for_owners(workspace, actor_id, present)
    return (WorkspaceMemberSuspended(user_id=user_id, role=present),)


def reactivate_member(
    workspace: Workspace, user_id: str, actor_id: str
) -> tuple[WorkspaceEvent, ...]:
    if workspace.role_of(user_id) is not None:
        return ()
    member = workspace.suspended.get(user_id)
    if member is None:
        raise not_found("member")
    only_owners_for_owners(workspace, actor_id, member.role)
    return (WorkspaceMemberReactivated(user_id=user_id, role=member.role),)


def close(workspace: Workspace, confirm: str) -> tuple[WorkspaceEvent, ...]:
    """`confirm` is the workspace's name: nobody closes one by a slip."""
    if workspace.is_personal:
        raise Refused(
            Kind.FORBIDDEN,
            "This is where its owner's new things go by default; only another one can be closed.",
        )
    if confirm != shown(workspace.name):
        raise invalid("/confirm", "Must be the workspace's name, exactly.")
    return (WorkspaceClosed(),)


def reopen(workspace: Workspace, now: datetime, limits: Limits) -> tuple[WorkspaceEvent, ...]:
    if workspace.closed_at is None:
        return ()
    if now > workspace.closed_at + timedelta(days=limits.reopen_days):
        raise Refused(
            Kind.FORBIDDEN,
            f"It was closed more than {limits.reopen_days} days ago, which is too long.",
        )
    return (WorkspaceReopened(was=workspace.closed_at),)
