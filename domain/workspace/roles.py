"""Who may do what: the roles of workspaces and projects, and the rights that each gives."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from math import inf
from typing import Final

from domain.project.state import Project
from domain.workspace.state import Membership, Workspace

WORKSPACE_ROLES: Final = ("owner", "admin", "member", "guest", "auditor")
# The highest first.
PROJECT_ROLES: Final = ("admin", "member", "viewer")


class Right(StrEnum):
    VIEW_WORKSPACE = "view the workspace"
    EDIT_WORKSPACE = "edit the workspace"
    HAND_OVER = "hand the workspace over"
    CLOSE_WORKSPACE = "close the workspace"
    MANAGE_MEMBERS = "manage the workspace's members"
    READ_TRAIL = "read the workspace's trail"
    CREATE_PROJECT = "create projects"
    MANAGE_LABELS = "manage the workspace's labels"
    VIEW_PROJECT = "view the project"
    COMMENT = "comment"
    EDIT_TASKS = "create and edit tasks"
    MANAGE_PROJECT = "manage the project"


_VIEWER: Final = frozenset({Right.VIEW_PROJECT})
_MEMBER: Final = _VIEWER | {Right.COMMENT, Right.EDIT_TASKS}

RIGHTS_IN_PROJECT: Final = {
    "viewer": _VIEWER,
    "member": _MEMBER,
    "admin": _MEMBER | {Right.MANAGE_PROJECT},
}

_GUEST: Final = frozenset({Right.VIEW_WORKSPACE})
_INSIDER: Final = _GUEST | {Right.CREATE_PROJECT, Right.MANAGE_LABELS}
_ADMIN: Final = _INSIDER | {Right.EDIT_WORKSPACE, Right.MANAGE_MEMBERS, Right.READ_TRAIL}

RIGHTS_IN_WORKSPACE: Final = {
    "guest": _GUEST,
    "auditor": _GUEST | {Right.READ_TRAIL},
    "member": _INSIDER,
    "admin": _ADMIN,
    "owner": _ADMIN | {Right.HAND_OVER, Right.CLOSE_WORKSPACE},
}

# Workspace role -> what it is in a project that does not name the person: (open, private).
IN_PROJECT_UNNAMED: Final = {
    "owner": ("admin", "admin"),
    "admin": ("admin", "admin"),
    "member": ("member", None),
    "guest": (None, None),
    "auditor": ("viewer", "viewer"),
}

# Those whom being named in a project neither lifts nor lowers.
UNMOVED_BY_NAMING: Final = frozenset({"owner", "admin", "auditor"})


def workspace_rights(workspace: Workspace, user_id: str) -> frozenset[Right]:
    """Empty for a stranger, to whom the workspace does not exist."""
    return RIGHTS_IN_WORKSPACE.get(workspace.role_of(user_id) or "", frozenset())


def project_role(workspace: Workspace, project: Project, user_id: str) -> str | None:
    """What somebody is in a project of their workspace; None: to them it does not exist."""
    member, named = workspace.members.get(user_id), project.members.get(user_id)
    if not project.teams:
        return role_in_project(member, named, project.is_private)
    in_teams = team_roles(project.teams, workspace.teams_of(user_id))
    return role_in_project(member, named, project.is_private, in_teams)


def team_roles(
    teams_in_project: Mapping[str, Membership], teams_of_person: Iterable[str]
) -> tuple[str, ...]:
    """The roles that somebody has in a project through their teams. A team that was deleted has
    nobody in it, and so gives nothing."""
    return tuple(
        teams_in_project[each].role for each in teams_of_person if each in teams_in_project
    )


def named_in_project(workspace: Workspace, project: Project, user_id: str) -> str | None:
    """The role with which the project itself names somebody, whatever that moves."""
    return named_role(workspace.members.get(user_id), project.members.get(user_id))


def role_in_project(
    member: Membership | None,
    named: Membership | None,
    is_private: bool,
    in_teams: Sequence[str] = (),
) -> str | None:
    """`project_role` from what somebody is in the workspace, what the project names them as, and
    what it names their teams as: the highest of these."""
    if member is None or member.role not in IN_PROJECT_UNNAMED:
        return None
    if member.role not in UNMOVED_BY_NAMING:
        role = named_role(member, named)
        given = in_teams if role is None else (role, *in_teams)
        if given:
            return min(given, key=_height)
    when_open, when_private = IN_PROJECT_UNNAMED[member.role]
    return when_private if is_private else when_open


def _height(role: str) -> int:
    """The lower the number, the more a role may; one of newer code may nothing here."""
    return PROJECT_ROLES.index(role) if role in PROJECT_ROLES else len(PROJECT_ROLES)


def named_role(member: Membership | None, named: Membership | None) -> str | None:
    """Being named in a project counts only since one is in the workspace: who left and came
    back begins anew."""
    if member is None or named is None or _since(named) < _since(member):
        return None
    return named.role


def _since(membership: Membership) -> float:
    """What is not in the log yet (position 0) comes after all that is."""
    return membership.position or inf


def project_rights(workspace: Workspace, project: Project, user_id: str) -> frozenset[Right]:
    """Empty for whom the project does not exist."""
    return RIGHTS_IN_PROJECT.get(project_role(workspace, project, user_id) or "", frozenset())
