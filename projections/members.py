"""Members: workspaces, their teams, who belongs to them and to their projects as what, and the
directory of people: the only place in all views where a person's name stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from domain.project.events import (
    ProjectArchived,
    ProjectCreated,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectPrivacyChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectUnarchived,
)
from domain.user.events import (
    ApiKeyMade,
    ApiKeyRevoked,
    PersonImported,
    ServiceAccountCreated,
    UserActivated,
    UserEmailChanged,
    UserEmailVerified,
    UserLocaleChanged,
    UserPasswordChanged,
    UserRecoveryCodesRenewed,
    UserRegistered,
    UserRenamed,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
    UserSuspended,
)
from domain.user.state import User
from domain.user.state import evolve as evolve_user
from domain.values.evolved import evolved
from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.values.recorded import Recorded
from domain.values.text import readable
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceClosed,
    WorkspaceCreated,
    WorkspaceInvitationAccepted,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceRenamed,
    WorkspaceReopened,
    WorkspaceTasksHandedOver,
    WorkspaceTransferred,
)
from domain.workspace.roles import role_in_project, team_roles
from domain.workspace.state import Membership, Team, Workspace
from domain.workspace.state import evolve as evolve_workspace

from .people import Mark
from .projection import Projection, Rows, Scan, Table
from .questions import Scope
from .states import StateCodec


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


class WorkspaceAnswer(msgspec.Struct, frozen=True):
    """A workspace as `GET /workspaces/{id}` shows it."""

    id: str
    workspace_id: str
    name: str | None
    is_personal: bool
    owner_id: str
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class MemberAnswer(msgspec.Struct, frozen=True):
    """A member as the list of a workspace's members shows it."""

    id: str
    user_id: str
    name: Mark
    role: str
    team_ids: Sequence[str]
    is_service_account: bool
    suspended: bool
    joined_at: datetime


class TeamAnswer(msgspec.Struct, frozen=True):
    """A team as the list of a workspace's teams shows it."""

    id: str
    team_id: str
    workspace_id: str
    name: str | None
    member_count: int
    created_at: datetime


class TeamMemberAnswer(msgspec.Struct, frozen=True):
    user_id: str
    name: Mark
    joined_at: datetime


class WholeTeamAnswer(TeamAnswer, frozen=True):
    """A team as `GET /workspaces/{id}/teams/{team_id}` shows it. `version` and `position` are
    the workspace's."""

    members: Sequence[TeamMemberAnswer]
    version: int
    position: int


class ProjectMemberAnswer(msgspec.Struct, frozen=True):
    """A person or a team as the list of a project's members shows it; one of the two ids."""

    id: str
    user_id: str | None
    team_id: str | None
    name: Mark | str | None
    role: str
    joined_at: datetime


class ProfileAnswer(msgspec.Struct, frozen=True):
    """A person as others see them."""

    id: str
    user_id: str
    username: str | None
    name: str | None
    avatar_url: str | None
    time_zone: str
    locale: str
    is_service_account: bool
    created_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """What a person is in one of their workspaces."""

    workspace_id: str
    role: str
    team_ids: Sequence[str] = ()


class OwnAnswer(ProfileAnswer, frozen=True):
    """A person as they see themselves."""

    email: str | None
    email_verified: bool
    has_second_factor: bool
    default_workspace_id: str | None
    workspaces: list[Standing]


_json = msgspec.json.Encoder()
_workspaces = StateCodec(Workspace)
_users = StateCodec(User)
_roles = StateCodec(dict[str, str])
_team_ids = StateCodec(dict[str, list[str]])


def render_workspace(workspace: Workspace) -> bytes:
    """The workspace's answer as JSON: for the view, for commands and fresh reads."""
    return _json.encode(
        WorkspaceAnswer(
            workspace.workspace_id,
            workspace.workspace_id,
            readable(workspace.name),
            workspace.is_personal,
            workspace.owner_id,
            workspace.closed_at,
            workspace.created_at,
            workspace.updated_at,
            workspace.version,
            workspace.position,
        )
    )


def render_member(
    user_id: str, member: Membership, team_ids: Sequence[str], *, suspended: bool = False
) -> bytes:
    """A workspace's member, the name by id."""
    return _json.encode(
        MemberAnswer(
            user_id,
            user_id,
            Mark(user_id),
            member.role,
            team_ids,
            member.is_service,
            suspended,
            member.joined_at,
        )
    )


def render_team(workspace: Workspace, team: Team) -> bytes:
    """A team with its members, their names by id."""
    return _json.encode(
        WholeTeamAnswer(
            id=team.team_id,
            team_id=team.team_id,
            workspace_id=workspace.workspace_id,
            name=readable(team.name),
            member_count=len(team.members),
            created_at=team.created_at,
            members=[
                TeamMemberAnswer(each, Mark(each), since) for each, since in team.members.items()
            ],
            version=workspace.version,
            position=workspace.position,
        )
    )


def render_project_member(user_id: str, member: Membership) -> bytes:
    """A person whom a project names, the name by id."""
    return _json.encode(
        ProjectMemberAnswer(user_id, user_id, None, Mark(user_id), member.role, member.joined_at)
    )


def render_project_team(team_id: str, name: str | None, member: Membership) -> bytes:
    """A team that a project names."""
    return _json.encode(
        ProjectMemberAnswer(team_id, None, team_id, name, member.role, member.joined_at)
    )


def render_profile(user: User) -> bytes:
    """A person as others see them, the name written out."""
    return _json.encode(
        ProfileAnswer(
            id=user.user_id,
            user_id=user.user_id,
            username=readable(user.username),
            name=readable(user.name),
            avatar_url=None,
            time_zone=user.time_zone,
            locale=user.locale,
            is_service_account=user.is_service,
            created_at=user.created_at,
        )
    )


def render_own(
    user: User, roles: Mapping[str, str], team_ids: Mapping[str, Sequence[str]]
) -> bytes:
    """A person as they see themselves; `roles` and `team_ids` by workspace id."""
    return _json.encode(
        OwnAnswer(
            id=user.user_id,
            user_id=user.user_id,
            username=readable(user.username),
            name=readable(user.name),
            avatar_url=None,
            time_zone=user.time_zone,
            locale=user.locale,
            is_service_account=user.is_service,
            created_at=user.created_at,
            email=readable(user.email),
            email_verified=user.email_verified,
            has_second_factor=user.has_second_factor,
            default_workspace_id=user.default_workspace_id,
            workspaces=[
                Standing(workspace_id, role, team_ids.get(workspace_id, ()))
                for workspace_id, role in sorted(roles.items())
            ],
        )
    )


@dataclass(slots=True)
class WorkspaceRow:
    """`state` leaves members and teams out: they stand in rows of their own."""

    workspace_id: str
    state: bytes = b""
    created_at: datetime | None = None
    version: int = 0
    closed: bool = False
    doc: bytes = b""
    workspace: Workspace | None = None


@dataclass(slots=True)
class MemberRow:
    """`joined` is the position in the log at which somebody came in. `team_ids`: the teams that
    they are in, in the order in which they came into them, by comma."""

    workspace_id: str
    user_id: str
    role: str
    joined_at: datetime
    joined: int
    is_service: bool = False
    team_ids: str = ""
    suspended: bool = False
    doc: bytes = b""


@dataclass(slots=True)
class TeamRow:
    """`size`: how many are in it. `created` is the position in the log at which it was made."""

    team_id: str
    workspace_id: str
    name: str | None
    created_at: datetime
    created: int
    size: int = 0
    doc: bytes = b""


@dataclass(slots=True)
class ProjectAccessRow:
    project_id: str
    workspace_id: str
    is_private: bool
    archived: bool = False


@dataclass(slots=True)
class ProjectMemberRow:
    """`member_id` is a person's or a team's; `team_name` goes with the latter."""

    project_id: str
    member_id: str
    workspace_id: str
    role: str
    joined_at: datetime
    joined: int
    team_name: str | None = None
    doc: bytes = b""


@dataclass(slots=True)
class PersonRow:
    """`roles`: what the person is in each workspace, `teams`: the teams that they are in there.
    `name`: as JSON, for `fill_names`.

    `changed` is the position at which name or profile changed last, by which those who keep
    names learn of it. A row without a state waits for its person.
    """

    user_id: str
    workspace_id: str = SYSTEM_WORKSPACE
    changed: int = 0
    state: bytes | None = None
    roles: bytes = b"\x80"
    teams: bytes = b"\x80"
    version: int = 0
    name: bytes = b"null"
    doc: bytes | None = None
    own: bytes | None = None
    user: User | None = None


WORKSPACES = Table(
    "workspaces",
    WorkspaceRow,
    {
        "workspace_id": "text",
        "state": "bytea",
        "created_at": "timestamptz",
        "version": "integer",
        "closed": "boolean",
        "doc": "bytea",
    },
    key=("workspace_id",),
    computed=("created_at", "version", "closed", "doc"),
)
MEMBERS = Table(
    "members",
    MemberRow,
    {
        "workspace_id": "text",
        "user_id": "text",
        "role": "text",
        "joined_at": "timestamptz",
        "joined": "bigint",
        "is_service": "boolean",
        "team_ids": "text",
        "suspended": "boolean",
        "doc": "bytea",
    },
    key=("workspace_id", "user_id"),
    computed=("doc",),
)
TEAMS = Table(
    "teams",
    TeamRow,
    {
        "team_id": "text",
        "workspace_id": "text",
        "name": "text",
        "created_at": "timestamptz",
        "created": "bigint",
        "size": "integer",
        "doc": "bytea",
    },
    key=("team_id",),
    indexes=("(workspace_id, created)",),
    computed=("doc",),
)
PROJECTS = Table(
    "projects",
    ProjectAccessRow,
    {
        "project_id": "text",
        "workspace_id": "text",
        "is_private": "boolean",
        "archived": "boolean",
    },
    key=("project_id",),
    indexes=("(workspace_id)",),
)
PROJECT_MEMBERS = Table(
    "project_members",
    ProjectMemberRow,
    {
        "project_id": "text",
        "member_id": "text",
        "workspace_id": "text",
        "role": "text",
        "joined_at": "timestamptz",
        "joined": "bigint",
        "team_name": "text",
        "doc": "bytea",
    },
    key=("project_id", "member_id"),
    indexes=("(workspace_id)", "(member_id)"),
    computed=("doc",),
)
PEOPLE = Table(
    "people",
    PersonRow,
    {
        "user_id": "text",
        "workspace_id": "text",
        "changed": "bigint",
        "state": "bytea",
        "roles": "bytea",
        "teams": "bytea",
        "version": "integer",
        "name": "bytea",
        "doc": "bytea",
        "own": "bytea",
    },
    key=("user_id",),
    indexes=("(changed)",),
    computed=("version", "name", "doc", "own"),
)


# What stands in rows of its own, or is asked of the log itself.
_ELSEWHERE: Mapping[str, Mapping[str, Any]] = {
    "members": {},
    "teams": {},
    "suspended": {},
    "invitations": {},
    "parted": {},
}


def _workspace_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: WorkspaceRow = rows.get("workspaces", stamp.stream) or WorkspaceRow(stamp.stream)
    if row.workspace is None and row.state:
        row.workspace = _workspaces.decode(row.state)
    workspace = evolve_workspace(row.workspace, recorded.event, stamp)
    if workspace is not None:
        row.workspace = evolved(workspace, **_ELSEWHERE)
        rows.put("workspaces", row)


def _workspace_created(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    _join(recorded, rows, recorded.event.owner_id, "owner")


def _member_added(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: WorkspaceMemberAdded | ServiceAccountAdded = recorded.event
    is_service = isinstance(event, ServiceAccountAdded)
    _join(recorded, rows, event.user_id, event.role, is_service=is_service)


def _member_role_changed(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    _change_role(recorded, rows, recorded.event.user_id, recorded.event.role)


def _member_suspended(recorded: Recorded, rows: Rows) -> None:
    """Their row stays, and no set of access has it; nor do they themselves."""
    _workspace_changed(recorded, rows)
    event: WorkspaceMemberSuspended | WorkspaceMemberReactivated = recorded.event
    is_back = isinstance(event, WorkspaceMemberReactivated)
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is not None:
        row.suspended = not is_back
        rows.put("members", row)
        _stand(recorded, rows, event.user_id, row.role if is_back else None)


def _transferred(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: WorkspaceTransferred = recorded.event
    _change_role(recorded, rows, event.owner_id, "owner")
    if event.stepped_down is not None:
        _change_role(recorded, rows, event.stepped_down, "admin")


def _change_role(recorded: Recorded, rows: Rows, user_id: str, role: str) -> None:
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, user_id)
    if row is None:
        _join(recorded, rows, user_id, role)
    else:
        row.role = role
        rows.put("members", row)
        _stand(recorded, rows, user_id, role)


def _member_removed(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: WorkspaceMemberRemoved = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    rows.delete("members", recorded.stamp.stream, event.user_id)
    _stand(recorded, rows, event.user_id, None)
    _stand_in_teams(recorded, rows, event.user_id, "")
    was_in = () if row is None else team_ids_of(row.team_ids)
    for team in rows.scan("teams", "workspace_id", recorded.stamp.stream):
        if team.team_id in was_in:
            team.size -= 1
            rows.put("teams", team)


def _join(
    recorded: Recorded, rows: Rows, user_id: str, role: str, *, is_service: bool = False
) -> None:
    stamp = recorded.stamp
    rows.put(
        "members", MemberRow(stamp.stream, user_id, role, stamp.at, stamp.position, is_service)
    )
    _stand(recorded, rows, user_id, role)


def _team_created(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: TeamCreated = recorded.event
    stamp = recorded.stamp
    rows.put(
        "teams",
        TeamRow(event.team_id, stamp.stream, readable(event.name), stamp.at, stamp.position),
    )


def _team_renamed(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: TeamRenamed = recorded.event
    name = readable(event.name)
    row: TeamRow | None = rows.get("teams", event.team_id)
    if row is not None:
        row.name = name
        rows.put("teams", row)
    for named in rows.scan("project_members", "member_id", event.team_id):
        named.team_name = name
        rows.put("project_members", named)


def _team_deleted(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: TeamDeleted = recorded.event
    rows.delete("teams", event.team_id)
    for named in rows.scan("project_members", "member_id", event.team_id):
        rows.delete("project_members", named.project_id, named.member_id)
    for user_id in event.members:
        _leave_team(recorded, rows, user_id, event.team_id)


def _team_member_added(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: TeamMemberAdded = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is None or event.team_id in team_ids_of(row.team_ids):
        return
    row.team_ids = ",".join((*team_ids_of(row.team_ids), event.team_id))
    rows.put("members", row)
    _stand_in_teams(recorded, rows, event.user_id, row.team_ids)
    _resize(rows, event.team_id, 1)


def _team_member_removed(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: TeamMemberRemoved = recorded.event
    if _leave_team(recorded, rows, event.user_id, event.team_id):
        _resize(rows, event.team_id, -1)


def _leave_team(recorded: Recorded, rows: Rows, user_id: str, team_id: str) -> bool:
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, user_id)
    if row is None or team_id not in team_ids_of(row.team_ids):
        return False
    row.team_ids = ",".join(each for each in team_ids_of(row.team_ids) if each != team_id)
    rows.put("members", row)
    _stand_in_teams(recorded, rows, user_id, row.team_ids)
    return True


def _resize(rows: Rows, team_id: str, by: int) -> None:
    row: TeamRow | None = rows.get("teams", team_id)
    if row is not None:
        row.size += by
        rows.put("teams", row)


def team_ids_of(text: str) -> tuple[str, ...]:
    """The teams of a member's row."""
    return tuple(text.split(",")) if text else ()


def _stand_in_teams(recorded: Recorded, rows: Rows, user_id: str, team_ids: str) -> None:
    """Keep in the directory which teams of a workspace somebody is in."""
    row: PersonRow = rows.get("people", user_id) or PersonRow(user_id)
    teams = _team_ids.decode(row.teams)
    teams.pop(recorded.stamp.stream, None)
    if team_ids:
        teams[recorded.stamp.stream] = list(team_ids_of(team_ids))
    row.teams = _team_ids.encode(teams)
    rows.put("people", row)


def _stand(recorded: Recorded, rows: Rows, user_id: str, role: str | None) -> None:
    """Keep in the directory what somebody is in a workspace; None: nothing any more."""
    row: PersonRow = rows.get("people", user_id) or PersonRow(user_id)
    roles = _roles.decode(row.roles)
    if role is None:
        roles.pop(recorded.stamp.stream, None)
    else:
        roles[recorded.stamp.stream] = role
    row.roles = _roles.encode(roles)
    rows.put("people", row)


def _project_created(recorded: Recorded, rows: Rows) -> None:
    event: ProjectCreated = recorded.event
    stamp = recorded.stamp
    rows.put("projects", ProjectAccessRow(stamp.stream, stamp.workspace_id, event.is_private))
    _join_project(recorded, rows, event.owner_id, "admin")


def _project_changed(recorded: Recorded, rows: Rows) -> None:
    row: ProjectAccessRow | None = rows.get("projects", recorded.stamp.stream)
    if row is None:
        return
    match recorded.event:
        case ProjectPrivacyChanged() as event:
            row.is_private = event.is_private
        case ProjectArchived():
            row.archived = True
        case ProjectUnarchived():
            row.archived = False
    rows.put("projects", row)


def _project_member_added(recorded: Recorded, rows: Rows) -> None:
    _join_project(recorded, rows, recorded.event.user_id, recorded.event.role)


def _project_member_role_changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectMemberRoleChanged = recorded.event
    row: ProjectMemberRow | None = rows.get("project_members", recorded.stamp.stream, event.user_id)
    if row is None:
        _join_project(recorded, rows, event.user_id, event.role)
    else:
        row.role = event.role
        rows.put("project_members", row)


def _project_member_removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("project_members", recorded.stamp.stream, recorded.event.user_id)


def _project_team_added(recorded: Recorded, rows: Rows) -> None:
    event: ProjectTeamAdded = recorded.event
    _join_project(recorded, rows, event.team_id, event.role)


def _project_team_role_changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectTeamRoleChanged = recorded.event
    row: ProjectMemberRow | None = rows.get("project_members", recorded.stamp.stream, event.team_id)
    if row is not None:
        row.role = event.role
        rows.put("project_members", row)


def _project_team_removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("project_members", recorded.stamp.stream, recorded.event.team_id)


def _join_project(recorded: Recorded, rows: Rows, member_id: str, role: str) -> None:
    stamp = recorded.stamp
    row = ProjectMemberRow(
        stamp.stream, member_id, stamp.workspace_id, role, stamp.at, stamp.position
    )
    if is_id(member_id, "team"):
        team: TeamRow | None = rows.get("teams", member_id)
        row.team_name = None if team is None else team.name
    rows.put("project_members", row)


def _person_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: PersonRow = rows.get("people", stamp.stream) or PersonRow(stamp.stream)
    user = evolve_user(_user_of(row), recorded.event, stamp)
    if user is not None:
        row.user = user
        row.changed = stamp.position
        rows.put("people", row)


def _user_of(row: PersonRow) -> User | None:
    if row.user is None and row.state is not None:
        row.user = _users.decode(row.state)
    return row.user


def _finish_workspace(row: WorkspaceRow) -> None:
    workspace = row.workspace
    if workspace is not None:
        row.state = _workspaces.encode(workspace)
        row.created_at = workspace.created_at
        row.version = workspace.version
        row.closed = workspace.closed_at is not None
        row.doc = render_workspace(workspace)


def _finish_member(row: MemberRow) -> None:
    member = Membership(row.role, row.joined_at, row.joined, row.is_service)
    teams = team_ids_of(row.team_ids)
    row.doc = render_member(row.user_id, member, teams, suspended=row.suspended)


def _finish_team(row: TeamRow) -> None:
    row.doc = _json.encode(
        TeamAnswer(row.team_id, row.team_id, row.workspace_id, row.name, row.size, row.created_at)
    )


def _finish_project_member(row: ProjectMemberRow) -> None:
    member = Membership(row.role, row.joined_at, row.joined)
    if is_id(row.member_id, "team"):
        row.doc = render_project_team(row.member_id, row.team_name, member)
    else:
        row.doc = render_project_member(row.member_id, member)


def _finish_person(row: PersonRow) -> None:
    user = _user_of(row)
    if user is not None:
        row.state = _users.encode(user)
        row.version = user.version
        row.name = _json.encode(readable(user.name))
        row.doc = render_profile(user)
        row.own = render_own(user, _roles.decode(row.roles), _team_ids.decode(row.teams))


# Those that change nothing here but the workspace's own row.
_WORKSPACE_EVENTS = (
    WorkspaceRenamed,
    WorkspaceMemberInvited,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceInvitationAccepted,
    WorkspaceTasksHandedOver,
    WorkspaceClosed,
    WorkspaceReopened,
)

# All of them, since each moves the version by which an answer is known to be fresh.
_PERSON_EVENTS = (
    ServiceAccountCreated,
    ApiKeyMade,
    ApiKeyRevoked,
    UserRegistered,
    PersonImported,
    UserRenamed,
    UserLocaleChanged,
    UserEmailVerified,
    UserEmailChanged,
    UserPasswordChanged,
    UserSecondFactorEnabled,
    UserSecondFactorDisabled,
    UserRecoveryCodesRenewed,
    UserSuspended,
    UserActivated,
)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event, stream = recorded.event, recorded.stamp.stream
    match event:
        case WorkspaceCreated():
            return (("workspaces", stream), ("people", event.owner_id))
        case _ if type(event) in _WORKSPACE_EVENTS:
            return (("workspaces", stream),)
        case WorkspaceMemberAdded() | ServiceAccountAdded():
            return (("workspaces", stream), ("people", event.user_id))
        case WorkspaceMemberRemoved() | WorkspaceMemberSuspended() | WorkspaceMemberReactivated():
            return (("workspaces", stream), *_members(stream, event.user_id))
        case WorkspaceTransferred():
            people = (event.owner_id, event.stepped_down or event.owner_id)
            return (("workspaces", stream), *_members(stream, *people))
        case TeamCreated() | TeamRenamed():
            return (("workspaces", stream), ("teams", event.team_id))
        case TeamDeleted():
            return (("workspaces", stream), *_members(stream, *event.members))
        case TeamMemberAdded() | TeamMemberRemoved():
            place = (("workspaces", stream), ("teams", event.team_id))
            return (*place, *_members(stream, event.user_id))
        case WorkspaceMemberRoleChanged():
            return (
                ("workspaces", stream),
                ("members", stream, event.user_id),
                ("people", event.user_id),
            )
        case ProjectMemberRoleChanged():
            return (("project_members", stream, event.user_id),)
        case ProjectTeamAdded():
            return (("teams", event.team_id),)
        case ProjectTeamRoleChanged():
            return (("project_members", stream, event.team_id),)
        case ProjectPrivacyChanged() | ProjectArchived() | ProjectUnarchived():
            return (("projects", stream),)
        case _ if type(event) in _PERSON_EVENTS:
            return (("people", stream),)
        case _:
            return ()


def _members(workspace_id: str, *user_ids: str) -> Iterable[tuple[Any, ...]]:
    """The rows of some members, and those of the people that they are."""
    for user_id in user_ids:
        yield ("members", workspace_id, user_id)
        yield ("people", user_id)


def _named_as_team(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("project_members", "member_id", recorded.event.team_id),)


def _teams_of_workspace(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("teams", "workspace_id", recorded.stamp.stream),)


MEMBERS_VIEW = Projection(
    name="members",
    version=3,
    tables=(WORKSPACES, MEMBERS, TEAMS, PROJECTS, PROJECT_MEMBERS, PEOPLE),
    folds={
        WorkspaceCreated: _workspace_created,
        **dict.fromkeys(_WORKSPACE_EVENTS, _workspace_changed),
        WorkspaceMemberSuspended: _member_suspended,
        WorkspaceMemberReactivated: _member_suspended,
        WorkspaceMemberAdded: _member_added,
        ServiceAccountAdded: _member_added,
        WorkspaceMemberRoleChanged: _member_role_changed,
        WorkspaceMemberRemoved: _member_removed,
        WorkspaceTransferred: _transferred,
        TeamCreated: _team_created,
        TeamRenamed: _team_renamed,
        TeamDeleted: _team_deleted,
        TeamMemberAdded: _team_member_added,
        TeamMemberRemoved: _team_member_removed,
        ProjectCreated: _project_created,
        ProjectPrivacyChanged: _project_changed,
        ProjectArchived: _project_changed,
        ProjectUnarchived: _project_changed,
        ProjectMemberAdded: _project_member_added,
        ProjectMemberRoleChanged: _project_member_role_changed,
        ProjectMemberRemoved: _project_member_removed,
        ProjectTeamAdded: _project_team_added,
        ProjectTeamRoleChanged: _project_team_role_changed,
        ProjectTeamRemoved: _project_team_removed,
        **dict.fromkeys(_PERSON_EVENTS, _person_changed),
    },
    reads=_reads,
    scans={
        TeamRenamed: _named_as_team,
        TeamDeleted: _named_as_team,
        WorkspaceMemberRemoved: _teams_of_workspace,
    },
    finish={
        "workspaces": _finish_workspace,
        "members": _finish_member,
        "teams": _finish_team,
        "project_members": _finish_project_member,
        "people": _finish_person,
    },
)
