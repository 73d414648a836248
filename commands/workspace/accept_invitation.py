"""Come into a workspace by an invitation."""

from commands.inverse import NoInverse
from commands.permissions import Invited
from commands.spec import CommandSpec
from commands.work import Work
from domain.user import decisions as users
from domain.user.events import UserEmailVerified
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text import shown
from domain.workspace import comings
from domain.workspace.events import WorkspaceInvitationAccepted, WorkspaceMemberAdded
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptInvitation:
    """That the caller reads mail at the address was shown before, by a link that was sent there:
    it is verified thereby."""

    workspace_id: str
    invitation_id: str


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
