"""What may happen to a workspace and to who belongs to it."""

from domain.errors import Kind, Refused, invalid, not_found
from domain.values.limits import Limits
from domain.values.text_rules import checked_name
from domain.workspace.events import (
    WorkspaceCreated,
    WorkspaceEvent,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceRenamed,
)
from domain.workspace.roles import WORKSPACE_ROLES
from domain.workspace.state import Workspace


def create(
    *, name: str, owner_id: str, limits: Limits, is_personal: bool = False
) -> tuple[WorkspaceEvent, ...]:
    return (
        WorkspaceCreated(
            name=checked_name(name, limits), owner_id=owner_id, is_personal=is_personal
        ),
    )


def rename(workspace: Workspace, name: str, limits: Limits) -> tuple[WorkspaceEvent, ...]:
    if checked_name(name, limits) == workspace.name:
        return ()
    return (WorkspaceRenamed(name=name, was=workspace.name),)


def add_member(
    workspace: Workspace, user_id: str, role: str, actor_id: str
) -> tuple[WorkspaceEvent, ...]:
    """Somebody who is in it with this role already changes nothing."""
    _checked_role(role)
    present = workspace.role_of(user_id)
    if present == role:
        return ()
    if present is not None:
        raise Refused(
            Kind.ALREADY_EXISTS,
            f"They are a member already, as {present}; change their role instead.",
            field="user_id",
        )
    _only_owners_for_owners(workspace, actor_id, role)
    return (WorkspaceMemberAdded(user_id=user_id, role=role),)


def change_member_role(
    workspace: Workspace, user_id: str, role: str, actor_id: str
) -> tuple[WorkspaceEvent, ...]:
    _checked_role(role)
    present = workspace.role_of(user_id)
    if present is None:
        raise not_found("member")
    if present == role:
        return ()
    _only_owners_for_owners(workspace, actor_id, present, role)
    _not_the_last_owner(workspace, user_id)
    return (WorkspaceMemberRoleChanged(user_id=user_id, role=role, was=present),)


def remove_member(workspace: Workspace, user_id: str, actor_id: str) -> tuple[WorkspaceEvent, ...]:
    present = workspace.role_of(user_id)
    if present is None:
        raise not_found("member")
    _only_owners_for_owners(workspace, actor_id, present)
    _not_the_last_owner(workspace, user_id)
    return (WorkspaceMemberRemoved(user_id=user_id, was=present),)


def _checked_role(role: str) -> None:
    if role not in WORKSPACE_ROLES:
        raise invalid("/role", f"Must be one of {', '.join(WORKSPACE_ROLES)}.", "unknown")


def _only_owners_for_owners(workspace: Workspace, actor_id: str, *roles: str) -> None:
    if "owner" in roles and workspace.role_of(actor_id) != "owner":
        raise Refused(Kind.FORBIDDEN, "Only an owner may make or unmake an owner; ask one of them.")


def _not_the_last_owner(workspace: Workspace, user_id: str) -> None:
    owners = [each for each, member in workspace.members.items() if member.role == "owner"]
    if owners == [user_id]:
        raise Refused(
            Kind.LAST_OWNER,
            "A workspace needs an owner; make somebody else an owner first.",
        )
