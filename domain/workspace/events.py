"""What can happen to a workspace and to who belongs to it."""

from datetime import datetime

from domain.values.frozen import dataclass
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCreated:
    name: Text
    owner_id: str
    is_personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceRenamed:
    name: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberAdded:
    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountAdded:
    """A member that is a program, whose keys the workspace's admins make."""

    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberRoleChanged:
    user_id: str
    role: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberRemoved:
    """Whoever leaves the workspace leaves its teams."""

    user_id: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceTransferred:
    """`owner_id` stands for the workspace from now on, in the place of `was`, and had `was_role`
    before; `stepped_down` is the owner who is an admin from now on."""

    owner_id: str
    was: str
    was_role: str
    stepped_down: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamCreated:
    team_id: str
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRenamed:
    team_id: str
    name: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDeleted:
    """With it goes whatever its `members` had through it."""

    team_id: str
    was: Text
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMemberAdded:
    team_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMemberRemoved:
    team_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberInvited:
    """Somebody without an account may come in until it expires. The address is sealed under the
    invitation's own key, which goes with whoever came in by it."""

    invitation_id: str
    email: Text
    role: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceInvitationRenewed:
    invitation_id: str
    role: str
    expires_at: datetime
    was: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceInvitationRevoked:
    invitation_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceInvitationAccepted:
    """Whoever was invited is `user_id`; that they are a member now is an event of its own."""

    invitation_id: str
    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberSuspended:
    """A member still, who may see and do nothing here; `role` waits for them."""

    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberReactivated:
    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceTasksHandedOver:
    """So many open tasks of one member are another's now, in this commit; those that the other
    may not see, or cannot take, were left out."""

    user_id: str
    to: str
    handed_over: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceClosed:
    """Nothing is lost: to everybody it is as if it did not exist, until an owner reopens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceReopened:
    """Members, projects and tasks are as they were. `was`: when it was closed."""

    was: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceImported:
    """From here on the workspace goes on in this log: the `events` before this one, all that it
    has, came together from the log `log_id`, where its chain ended in `link`, in
    hexadecimal digits."""

    log_id: str
    events: int
    link: str


WorkspaceEvent = (
    WorkspaceCreated
    | WorkspaceRenamed
    | WorkspaceMemberAdded
    | ServiceAccountAdded
    | WorkspaceMemberRoleChanged
    | WorkspaceMemberRemoved
    | WorkspaceTransferred
    | TeamCreated
    | TeamRenamed
    | TeamDeleted
    | TeamMemberAdded
    | TeamMemberRemoved
    | WorkspaceMemberInvited
    | WorkspaceInvitationRenewed
    | WorkspaceInvitationRevoked
    | WorkspaceInvitationAccepted
    | WorkspaceMemberSuspended
    | WorkspaceMemberReactivated
    | WorkspaceTasksHandedOver
    | WorkspaceClosed
    | WorkspaceReopened
    | WorkspaceImported
)
