"""Members: workspaces, who belongs to them and to their projects as what, and the directory of
people: the only place in all views where a person's name stands."""

from collections.abc import Iterable, Mapping
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
    ProjectUnarchived,
)
from domain.user.events import (
    PersonImported,
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
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Recorded
from domain.values.text import readable
from domain.workspace.events import (
    WorkspaceCreated,
    WorkspaceMemberAdded,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceRenamed,
)
from domain.workspace.roles import role_in_project
from domain.workspace.state import Membership, Workspace
from domain.workspace.state import evolve as evolve_workspace

from .people import Mark
from .projection import Projection, Rows, Table
from .questions import Scope
from .states import StateCodec


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """Who may see a project: `members` are those named in it."""

    is_private: bool
    archived: bool
    members: Mapping[str, Membership]


@dataclass(frozen=True, slots=True)
class AccessSet:
    """Who may do what in a workspace, as the view had it at `position`.

    A workspace that does not exist has no members.
    """

    workspace_id: str
    position: int
    members: Mapping[str, Membership] = field(default_factory=dict)
    projects: Mapping[str, ProjectAccess] = field(default_factory=dict)
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
        return role_in_project(
            self.members.get(user_id), project.members.get(user_id), project.is_private
        )

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
    team_ids: tuple[str, ...]
    joined_at: datetime


class ProjectMemberAnswer(msgspec.Struct, frozen=True):
    """A member as the list of a project's members shows it."""

    id: str
    user_id: str
    name: Mark
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
    created_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """What a person is in one of their workspaces."""

    workspace_id: str
    role: str
    team_ids: tuple[str, ...] = ()


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


def render_workspace(workspace: Workspace) -> bytes:
    """The workspace's answer as JSON: for the view, for commands and fresh reads."""
    return _json.encode(
        WorkspaceAnswer(
            workspace.workspace_id,
            workspace.workspace_id,
            readable(workspace.name),
            workspace.is_personal,
            workspace.owner_id,
            workspace.created_at,
            workspace.updated_at,
            workspace.version,
            workspace.position,
        )
    )


def render_member(user_id: str, member: Membership) -> bytes:
    """A workspace's member, the name by id."""
    return _json.encode(
        MemberAnswer(user_id, user_id, Mark(user_id), member.role, (), member.joined_at)
    )


def render_project_member(user_id: str, member: Membership) -> bytes:
    """A project's member, the name by id."""
    return _json.encode(
        ProjectMemberAnswer(user_id, user_id, Mark(user_id), member.role, member.joined_at)
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
            created_at=user.created_at,
        )
    )


def render_own(user: User, roles: Mapping[str, str]) -> bytes:
    """A person as they see themselves; `roles`: workspace id -> role."""
    return _json.encode(
        OwnAnswer(
            id=user.user_id,
            user_id=user.user_id,
            username=readable(user.username),
            name=readable(user.name),
            avatar_url=None,
            time_zone=user.time_zone,
            locale=user.locale,
            created_at=user.created_at,
            email=readable(user.email),
            email_verified=user.email_verified,
            has_second_factor=user.has_second_factor,
            default_workspace_id=user.default_workspace_id,
            workspaces=[Standing(*standing) for standing in sorted(roles.items())],
        )
    )


@dataclass(slots=True)
class WorkspaceRow:
    """`state` leaves the members out: they stand in rows of their own."""

    workspace_id: str
    state: bytes = b""
    created_at: datetime | None = None
    version: int = 0
    doc: bytes = b""
    workspace: Workspace | None = None


@dataclass(slots=True)
class MemberRow:
    """`joined` is the position in the log at which somebody came in."""

    workspace_id: str
    user_id: str
    role: str
    joined_at: datetime
    joined: int
    doc: bytes = b""


@dataclass(slots=True)
class ProjectAccessRow:
    project_id: str
    workspace_id: str
    is_private: bool
    archived: bool = False


@dataclass(slots=True)
class ProjectMemberRow:
    project_id: str
    user_id: str
    workspace_id: str
    role: str
    joined_at: datetime
    joined: int
    doc: bytes = b""


@dataclass(slots=True)
class PersonRow:
    """`roles`: what the person is in each workspace. `name`: as JSON, for `fill_names`.

    `changed` is the position at which name or profile changed last, by which those who keep
    names learn of it. A row without a state waits for its person.
    """

    user_id: str
    workspace_id: str = SYSTEM_WORKSPACE
    changed: int = 0
    state: bytes | None = None
    roles: bytes = b"\x80"
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
        "doc": "bytea",
    },
    key=("workspace_id",),
    computed=("created_at", "version", "doc"),
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
        "doc": "bytea",
    },
    key=("workspace_id", "user_id"),
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
        "user_id": "text",
        "workspace_id": "text",
        "role": "text",
        "joined_at": "timestamptz",
        "joined": "bigint",
        "doc": "bytea",
    },
    key=("project_id", "user_id"),
    indexes=("(workspace_id)",),
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
        "version": "integer",
        "name": "bytea",
        "doc": "bytea",
        "own": "bytea",
    },
    key=("user_id",),
    indexes=("(changed)",),
    computed=("version", "name", "doc", "own"),
)


def _workspace_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: WorkspaceRow = rows.get("workspaces", stamp.stream) or WorkspaceRow(stamp.stream)
    if row.workspace is None and row.state:
        row.workspace = _workspaces.decode(row.state)
    workspace = evolve_workspace(row.workspace, recorded.event, stamp)
    if workspace is not None:
        row.workspace = evolved(workspace, members={})
        rows.put("workspaces", row)


def _workspace_created(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    _join(recorded, rows, recorded.event.owner_id, "owner")


def _member_added(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    _join(recorded, rows, recorded.event.user_id, recorded.event.role)


def _member_role_changed(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    event: WorkspaceMemberRoleChanged = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is None:
        _join(recorded, rows, event.user_id, event.role)
    else:
        row.role = event.role
        rows.put("members", row)
        _stand(recorded, rows, event.user_id, event.role)


def _member_removed(recorded: Recorded, rows: Rows) -> None:
    _workspace_changed(recorded, rows)
    user_id = recorded.event.user_id
    rows.delete("members", recorded.stamp.stream, user_id)
    _stand(recorded, rows, user_id, None)


def _join(recorded: Recorded, rows: Rows, user_id: str, role: str) -> None:
    stamp = recorded.stamp
    rows.put("members", MemberRow(stamp.stream, user_id, role, stamp.at, stamp.position))
    _stand(recorded, rows, user_id, role)


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


def _join_project(recorded: Recorded, rows: Rows, user_id: str, role: str) -> None:
    stamp = recorded.stamp
    rows.put(
        "project_members",
        ProjectMemberRow(stamp.stream, user_id, stamp.workspace_id, role, stamp.at, stamp.position),
    )


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
        row.doc = render_workspace(workspace)


def _finish_member(row: MemberRow) -> None:
    row.doc = render_member(row.user_id, Membership(row.role, row.joined_at, row.joined))


def _finish_project_member(row: ProjectMemberRow) -> None:
    row.doc = render_project_member(row.user_id, Membership(row.role, row.joined_at, row.joined))


def _finish_person(row: PersonRow) -> None:
    user = _user_of(row)
    if user is not None:
        row.state = _users.encode(user)
        row.version = user.version
        row.name = _json.encode(readable(user.name))
        row.doc = render_profile(user)
        row.own = render_own(user, _roles.decode(row.roles))


# All of them, since each moves the version by which an answer is known to be fresh.
_PERSON_EVENTS = (
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
        case WorkspaceRenamed():
            return (("workspaces", stream),)
        case WorkspaceMemberAdded() | WorkspaceMemberRemoved():
            return (("workspaces", stream), ("people", event.user_id))
        case WorkspaceMemberRoleChanged():
            return (
                ("workspaces", stream),
                ("members", stream, event.user_id),
                ("people", event.user_id),
            )
        case ProjectMemberRoleChanged():
            return (("project_members", stream, event.user_id),)
        case ProjectPrivacyChanged() | ProjectArchived() | ProjectUnarchived():
            return (("projects", stream),)
        case _ if type(event) in _PERSON_EVENTS:
            return (("people", stream),)
        case _:
            return ()


MEMBERS_VIEW = Projection(
    name="members",
    version=3,
    tables=(WORKSPACES, MEMBERS, PROJECTS, PROJECT_MEMBERS, PEOPLE),
    folds={
        WorkspaceCreated: _workspace_created,
        WorkspaceRenamed: _workspace_changed,
        WorkspaceMemberAdded: _member_added,
        WorkspaceMemberRoleChanged: _member_role_changed,
        WorkspaceMemberRemoved: _member_removed,
        ProjectCreated: _project_created,
        ProjectPrivacyChanged: _project_changed,
        ProjectArchived: _project_changed,
        ProjectUnarchived: _project_changed,
        ProjectMemberAdded: _project_member_added,
        ProjectMemberRoleChanged: _project_member_role_changed,
        ProjectMemberRemoved: _project_member_removed,
        **dict.fromkeys(_PERSON_EVENTS, _person_changed),
    },
    reads=_reads,
    finish={
        "workspaces": _finish_workspace,
        "members": _finish_member,
        "project_members": _finish_project_member,
        "people": _finish_person,
    },
)
