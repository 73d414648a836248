"""Come into a workspace by an invitation."""

from commands.inverse import NoInverse
from commands.spec import Access, CommandSpec
from commands.work import Work
from domain.errors import not_found
from domain.user import decisions as users
from domain.user.events import UserEmailVerified
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text import Text, shown
from domain.values.text_rules import normal_email
from domain.workspace import comings
from domain.workspace.events import WorkspaceInvitationAccepted, WorkspaceMemberAdded
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation:
    """That the caller reads mail at the address was shown before, by a link that was sent there:
    it is verified thereby."""

    workspace_id: str
    invitation_id: str


@dataclass(frozen=True, slots=True)
class Invited:
    """Whoever has the address that was invited, while the invitation is good."""

    def __str__(self) -> str:
        return "whoever is invited"

    async def check(self, command: AcceptInvitation, work: Work) -> Access:
        workspace = await work.load(WORKSPACE, command.workspace_id)
        user = await work.load(USER, work.actor)
        invitation = None if workspace is None else workspace.invitations.get(command.invitation_id)
        if (
            workspace is None
            or workspace.closed_at is not None
            or invitation is None
            or invitation.expires_at <= work.now
            or user is None
            or not user.can_log_in
            or not is_same_address(invitation.email, user.email)
        ):
            raise not_found("invitation")
        return Access(command.workspace_id)


def is_same_address(one: Text | None, other: Text | None) -> bool:
    """False for one that is erased: nobody can have it."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return normal_email(one) == normal_email(other)


async def accept_invitation(command: AcceptInvitation, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    user = work.seen(USER, work.actor)
    verified = users.verify_email(user, shown(user.email))
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, *verified)
    events = comings.accept_invitation(workspace, command.invitation_id, work.actor)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


ACCEPT_INVITATION = CommandSpec(
    command=AcceptInvitation,
    handler=accept_invitation,
    permission=Invited(),
    events=(WorkspaceInvitationAccepted, WorkspaceMemberAdded, UserEmailVerified),
    route="POST /auth/invitations/accept",
    inverse=NoInverse("leave the workspace instead."),
    writes=lambda command: command.workspace_id,
)
