"""What may happen to who is in a project: its owner, members and teams."""

from collections.abc import Sequence
from typing import Final

from domain.errors import Invalid, Kind, Problem, Refused, invalid, not_found
from domain.project.decisions import require_open
from domain.project.events import (
    ProjectEvent,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
)
from domain.project.state import Project
from domain.workspace.roles import PROJECT_ROLES, named_in_project
from domain.workspace.state import Workspace

_DELETED_TEAMS_KEPT: Final = 100


def add_member(
    project: Project, workspace: Workspace, user_id: str, role: str, pointer: str = "/user_id"
) -> tuple[ProjectEvent, ...]:
    """Somebody named with this role already changes nothing. `pointer` is how they were named."""
    require_open(project)
    _checked_role(role)
    if workspace.role_of(user_id) is None:
        raise invalid(pointer, "They are not in the project's workspace; add them there first.")
    present = named_in_project(workspace, project, user_id)
    if present == role:
        return ()
    if present is not None:
        raise Refused(
            Kind.ALREADY_EXISTS,
            f"They are named in the project already, as {present}; change their role instead.",
            field="user_id",
        )
    return (ProjectMemberAdded(user_id=user_id, role=role),)


def change_member_role(
    project: Project, workspace: Workspace, user_id: str, role: str
) -> tuple[ProjectEvent, ...]:
    require_open(project)
    _checked_role(role)
    present = named_in_project(workspace, project, user_id)
    if present is None:
        raise not_found("member")
    if present == role:
        return ()
    return (ProjectMemberRoleChanged(user_id=user_id, role=role, was=present),)


def remove_member(project: Project, user_id: str) -> tuple[ProjectEvent, ...]:
    """Also from an archived project, and of one who left the workspace: taking away what
    somebody may see must always be possible."""
    present = project.members.get(user_id)
    if present is None:
        raise not_found("member")
    return (ProjectMemberRemoved(user_id=user_id, was=present.role),)


def add_team(
    project: Project, workspace: Workspace, team_id: str, role: str, pointer: str = "/team_id"
) -> tuple[ProjectEvent, ...]:
    """A team named with this role already changes nothing. `pointer` is how it was named."""
    require_open(project)
    _checked_role(role)
    if team_id not in workspace.teams:
        raise invalid(pointer, "The project's workspace has no team with this id.", "unknown")
    present = project.teams.get(team_id)
    if present is None:
        added = ProjectTeamAdded(team_id=team_id, role=role)
        return (*_forgotten(project, workspace), added)
    if present.role == role:
        return ()
    raise Refused(
        Kind.ALREADY_EXISTS,
        f"The team is named in the project already, as {present.role}; change its role instead.",
        field="team_id",
    )


def change_team_role(
    project: Project, workspace: Workspace, team_id: str, role: str
) -> tuple[ProjectEvent, ...]:
    require_open(project)
    _checked_role(role)
    present = project.teams.get(team_id)
    if present is None or team_id not in workspace.teams:
        raise not_found("member")
    if present.role == role:
        return ()
    return (ProjectTeamRoleChanged(team_id=team_id, role=role, was=present.role),)


def remove_team(project: Project, workspace: Workspace, team_id: str) -> tuple[ProjectEvent, ...]:
    """Also from an archived project, as with a member."""
    present = project.teams.get(team_id)
    if present is None or team_id not in workspace.teams:
        raise not_found("member")
    return (ProjectTeamRemoved(team_id=team_id, was=present.role),)


def change_teams(
    project: Project, workspace: Workspace, team_ids: Sequence[str]
) -> tuple[ProjectEvent, ...]:
    """Exactly these teams: a new one as `member`, one that stays with the role that it has."""
    require_open(project)
    unknown = [
        Problem(f"/team_ids/{n}", "unknown", "The project's workspace has no team with this id.")
        for n, each in enumerate(team_ids)
        if each not in workspace.teams
    ]
    if unknown:
        raise Invalid(*unknown)
    present = teams_in(project, workspace)
    gone = [each for each in present if each not in team_ids]
    new = [each for each in dict.fromkeys(team_ids) if each not in project.teams]
    return (
        *(_forgotten(project, workspace) if new else ()),
        *(ProjectTeamRemoved(team_id=each, was=project.teams[each].role) for each in gone),
        *(ProjectTeamAdded(team_id=each, role="member") for each in new),
    )


def _forgotten(project: Project, workspace: Workspace) -> tuple[ProjectTeamRemoved, ...]:
    """Teams that were deleted and are many by now: what nobody sees shall not grow for ever."""
    gone = [each for each in project.teams if each not in workspace.teams]
    if len(gone) < _DELETED_TEAMS_KEPT:
        return ()
    return tuple(ProjectTeamRemoved(team_id=each, was=project.teams[each].role) for each in gone)


def teams_in(project: Project, workspace: Workspace) -> tuple[str, ...]:
    """The teams that a project names and that there still are."""
    return tuple(each for each in project.teams if each in workspace.teams)


def change_owner(project: Project, workspace: Workspace, owner_id: str) -> tuple[ProjectEvent, ...]:
    """The new owner is an admin of the project; the one before stays what they are in it."""
    require_open(project)
    if owner_id == project.owner_id:
        return ()
    if workspace.role_of(owner_id) is None:
        raise invalid("/owner_id", "There is nobody with this id in the workspace.", "unknown")
    changed = ProjectOwnerChanged(owner_id=owner_id, was=project.owner_id)
    present = named_in_project(workspace, project, owner_id)
    if present == "admin":
        return (changed,)
    if present is None:
        return (changed, ProjectMemberAdded(user_id=owner_id, role="admin"))
    return (changed, ProjectMemberRoleChanged(user_id=owner_id, role="admin", was=present))


def _checked_role(role: str) -> None:
    if role not in PROJECT_ROLES:
        raise invalid("/role", f"Must be one of {', '.join(PROJECT_ROLES)}.", "unknown")
