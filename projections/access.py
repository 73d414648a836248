"""Who may see and do what in a workspace, as the view of members had it at one position."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from domain.values.frozen import dataclass
from domain.workspace.roles import role_in_project, team_roles
from domain.workspace.state import Membership

from .questions import Scope


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """Who may see a project: `members` are those named in it, `teams` the teams."""

    is_private: bool
    archived: bool
    members: Mapping[str, Membership]
    teams: Mapping[str, Membership] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessSet:
    """Who may do what in a workspace, as the view had it at `position`.

    A workspace that does not exist has no members. `teams`: user id -> the teams they are in.
    """

    workspace_id: str
    position: int
    members: Mapping[str, Membership] = field(default_factory=dict)
    projects: Mapping[str, ProjectAccess] = field(default_factory=dict)
    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _scopes: dict[str, Scope] = field(default_factory=dict, compare=False, repr=False)

    def role(self, user_id: str) -> str | None:
        """What somebody is in the workspace; None for a stranger."""
        member = self.members.get(user_id)
        return None if member is None else member.role

    def project_role(self, user_id: str, project_id: str) -> str | None:
        """What somebody is in a project; None: to them it does not exist."""
        project = self.projects.get(project_id)
        if project is None:
            return None
        member, named = self.members.get(user_id), project.members.get(user_id)
        if not project.teams:
            return role_in_project(member, named, project.is_private)
        in_teams = team_roles(project.teams, self.teams.get(user_id, ()))
        return role_in_project(member, named, project.is_private, in_teams)

    def scope(self, user_id: str) -> Scope:
        """What somebody may see here; found out once, which goes through all projects."""
        scope = self._scopes.get(user_id)
        if scope is None:
            scope = self._scope(user_id)
            if user_id in self.members:
                self._scopes[user_id] = scope
        return scope

    def _scope(self, user_id: str) -> Scope:
        member = self.members.get(user_id)
        if member is None:
            return Scope()
        if role_in_project(member, None, is_private=False) is None:
            seen = [each for each in self.projects if self.project_role(user_id, each)]
            return Scope(projects=tuple(seen), guest_of=(self.workspace_id,))
        hidden = [each for each in self.projects if not self.project_role(user_id, each)]
        return Scope(workspaces=(self.workspace_id,), hidden=tuple(hidden))
