"""What may happen to a workspace, to who belongs to it and to its teams."""

from domain.errors import Kind, Refused, invalid, not_found
from domain.values.ids import checked_id
from domain.values.limits import Limits
from domain.values.text import shown
from domain.values.text_rules import checked_name
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceCreated,
    WorkspaceEvent,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceRenamed,
    WorkspaceTransferred,
)
from domain.workspace.roles import WORKSPACE_ROLES
from domain.workspace.state import Team, Workspace


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
    workspace: Workspace, user_id: str, role: str, actor_id: str, *, is_service: bool = False
) -> tuple[WorkspaceEvent, ...]:
    """Somebody who is in it with this role already changes nothing."""
    checked_role(role)
    present = workspace.role_of(user_id)
    if present == role:
        return ()
    if present is not None:
        raise Refused(
            Kind.ALREADY_EXISTS,
            f"They are a member already, as {present}; change their role instead.",
            field="user_id",
        )
    if user_id in workspace.suspended:
        raise Refused(
            Kind.ALREADY_EXISTS,
            "They are a member who is suspended; reactivate them instead.",
            field="user_id",
        )
    only_owners_for_owners(workspace, actor_id, role)
    if is_service:
        _no_service_owns(role, "/role")
        return (ServiceAccountAdded(user_id=user_id, role=role),)
    return (WorkspaceMemberAdded(user_id=user_id, role=role),)


def change_member_role(
    workspace: Workspace, user_id: str, role: str, actor_id: str
) -> tuple[WorkspaceEvent, ...]:
    checked_role(role)
    if user_id in workspace.suspended:
        raise Refused(Kind.FORBIDDEN, "They are suspended; reactivate them first.")
    present = workspace.role_of(user_id)
    if present is None:
        raise not_found("member")
    if present == role:
        return ()
    only_owners_for_owners(workspace, actor_id, present, role)
    not_the_last_owner(workspace, user_id)
    if workspace.members[user_id].is_service:
        _no_service_owns(role, "/role")
    return (WorkspaceMemberRoleChanged(user_id=user_id, role=role, was=present),)


def remove_member(workspace: Workspace, user_id: str, actor_id: str) -> tuple[WorkspaceEvent, ...]:
    suspended = workspace.suspended.get(user_id)
    present = workspace.role_of(user_id) if suspended is None else suspended.role
    if present is None:
        raise not_found("member")
    only_owners_for_owners(workspace, actor_id, present)
    not_the_last_owner(workspace, user_id)
    return (WorkspaceMemberRemoved(user_id=user_id, was=present),)


def add_service(
    workspace: Workspace, user_id: str, role: str, limits: Limits
) -> tuple[WorkspaceEvent, ...]:
    """Somebody new to the log, who is a program; it may be anything but an owner."""
    checked_role(role)
    if len(services_in(workspace)) >= limits.service_accounts:
        detail = f"A workspace has at most {limits.service_accounts} service accounts."
        raise invalid("", detail, "too-many")
    _no_service_owns(role, "/role")
    return (ServiceAccountAdded(user_id=user_id, role=role),)


def transfer(workspace: Workspace, owner_id: str, actor_id: str) -> tuple[WorkspaceEvent, ...]:
    """A member stands for the workspace from now on, and the owner who says so is an admin."""
    if workspace.role_of(actor_id) != "owner":
        raise Refused(Kind.FORBIDDEN, "Only an owner may hand the workspace over; ask one of them.")
    present = workspace.role_of(owner_id)
    if present is None:
        raise invalid("/owner_id", "There is nobody with this id in the workspace.", "unknown")
    if workspace.members[owner_id].is_service:
        _no_service_owns("owner", "/owner_id")
    if owner_id == workspace.owner_id:
        return ()
    return (
        WorkspaceTransferred(
            owner_id=owner_id,
            was=workspace.owner_id,
            was_role=present,
            stepped_down=None if actor_id == owner_id else actor_id,
        ),
    )


def take_over(workspace: Workspace, user_id: str) -> tuple[WorkspaceEvent, ...]:
    """Whoever runs the product says who owns a workspace that came from another log, where its
    owners have no account. They go on owning it, and somebody else stands for it."""
    if user_id in workspace.suspended:
        raise invalid("/user", "They are suspended in this workspace; name somebody else.")
    present = workspace.role_of(user_id)
    joins = () if present else (WorkspaceMemberAdded(user_id=user_id, role="owner"),)
    if user_id == workspace.owner_id:
        return ()
    stands = WorkspaceTransferred(
        owner_id=user_id, was=workspace.owner_id, was_role=present or "owner"
    )
    return (*joins, stands)


def create_team(
    workspace: Workspace, team_id: str, name: str, limits: Limits
) -> tuple[WorkspaceEvent, ...]:
    checked_id(team_id, "team", "/team_id")
    if len(workspace.teams) >= limits.teams:
        raise invalid("/name", f"A workspace has at most {limits.teams} teams.", "too-many")
    _free_team_name(workspace, checked_name(name, limits))
    return (TeamCreated(team_id=team_id, name=name),)


def rename_team(
    workspace: Workspace, team_id: str, name: str, limits: Limits
) -> tuple[WorkspaceEvent, ...]:
    team = team_of(workspace, team_id)
    if checked_name(name, limits) == team.name:
        return ()
    _free_team_name(workspace, name, but=team_id)
    return (TeamRenamed(team_id=team_id, name=name, was=team.name),)


def delete_team(workspace: Workspace, team_id: str) -> tuple[WorkspaceEvent, ...]:
    team = team_of(workspace, team_id)
    return (TeamDeleted(team_id=team_id, was=team.name, members=tuple(team.members)),)


def add_team_member(
    workspace: Workspace, team_id: str, user_id: str, limits: Limits
) -> tuple[WorkspaceEvent, ...]:
    """Somebody who is in it already changes nothing."""
    team = team_of(workspace, team_id)
    if workspace.role_of(user_id) is None:
        raise not_found("member")
    if user_id in team.members:
        return ()
    if len(team.members) >= limits.team_members:
        raise invalid("", f"A team has at most {limits.team_members} members.", "too-many")
    return (TeamMemberAdded(team_id=team_id, user_id=user_id),)


def remove_team_member(
    workspace: Workspace, team_id: str, user_id: str
) -> tuple[WorkspaceEvent, ...]:
    team = team_of(workspace, team_id)
    if user_id not in team.members:
        raise not_found("member")
    return (TeamMemberRemoved(team_id=team_id, user_id=user_id),)


def services_in(workspace: Workspace) -> tuple[str, ...]:
    """The workspace's programs, the oldest first."""
    return tuple(each for each, member in workspace.members.items() if member.is_service)


def team_of(workspace: Workspace, team_id: str) -> Team:
    """Raises Refused(NOT_FOUND) for a team that the workspace does not have."""
    team = workspace.teams.get(team_id)
    if team is None:
        raise not_found("team")
    return team


def _free_team_name(workspace: Workspace, name: str, but: str | None = None) -> None:
    taken = {shown(team.name).casefold() for each, team in workspace.teams.items() if each != but}
    if name.casefold() in taken:
        raise Refused(
            Kind.ALREADY_EXISTS, "There is a team with this name; choose another.", field="name"
        )


def _no_service_owns(role: str, pointer: str) -> None:
    if role == "owner":
        raise invalid(pointer, "A service account cannot own a workspace.")


def checked_role(role: str) -> None:
    if role not in WORKSPACE_ROLES:
        raise invalid("/role", f"Must be one of {', '.join(WORKSPACE_ROLES)}.", "unknown")


def only_owners_for_owners(workspace: Workspace, actor_id: str, *roles: str) -> None:
    if "owner" in roles and workspace.role_of(actor_id) != "owner":
        raise Refused(Kind.FORBIDDEN, "Only an owner may make or unmake an owner; ask one of them.")


def not_the_last_owner(workspace: Workspace, user_id: str) -> None:
    if workspace.owners == (user_id,):
        raise no_owner_left()


def no_owner_left() -> Refused:
    return Refused(
        Kind.LAST_OWNER,
        "A workspace needs an owner; make somebody else an owner first.",
    )
