"""Invitations into a workspace: sent again, or taken back."""

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import comings
from domain.workspace.events import WorkspaceInvitationRenewed, WorkspaceInvitationRevoked
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewInvitation:
    workspace_id: str
    invitation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeInvitation:
    workspace_id: str
    invitation_id: str


async def renew_invitation(command: RenewInvitation, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = comings.renew_invitation(workspace, command.invitation_id, work.now, work.limits)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


async def revoke_invitation(command: RevokeInvitation, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = comings.revoke_invitation(workspace, command.invitation_id)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


RENEW_INVITATION = CommandSpec(
    command=RenewInvitation,
    handler=renew_invitation,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceInvitationRenewed,),
    route="POST /workspaces/{id}/invitations/{invitation_id}/resend",
    inverse=NoInverse("the mail has left; revoke the invitation instead."),
    writes=lambda command: command.workspace_id,
)
REVOKE_INVITATION = CommandSpec(
    command=RevokeInvitation,
    handler=revoke_invitation,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceInvitationRevoked,),
    route="DELETE /workspaces/{id}/invitations/{invitation_id}",
    inverse=NoInverse("invite them again."),
    writes=lambda command: command.workspace_id,
)
