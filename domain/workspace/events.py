"""What can happen to a workspace and to who belongs to it."""

from dataclasses import dataclass

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
)
