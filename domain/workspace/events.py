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
class WorkspaceMemberRoleChanged:
    user_id: str
    role: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMemberRemoved:
    user_id: str
    was: str


WorkspaceEvent = (
    WorkspaceCreated
    | WorkspaceRenamed
    | WorkspaceMemberAdded
    | WorkspaceMemberRoleChanged
    | WorkspaceMemberRemoved
)
