"""Which projects there are to be seen, and whom each of them names as what."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from domain.project.events import (
    ProjectArchived,
    ProjectCreated,
    ProjectMemberRoleChanged,
    ProjectPrivacyChanged,
    ProjectTeamAdded,
    ProjectTeamRoleChanged,
    ProjectUnarchived,
)
from domain.values.ids import is_id
from domain.values.recorded import Recorded
from domain.workspace.state import Membership

from .people import NameMark, name_of
from .projection import Rows, Table
from .teams import TeamRow

_json = msgspec.json.Encoder()


class ProjectMemberAnswer(msgspec.Struct, frozen=True):
    """A person or a team as the list of a project's members shows it; one of the two ids."""

    id: str
    user_id: str | None
    team_id: str | None
    name: NameMark
    role: str
    joined_at: datetime


def render_project_member(user_id: str, member: Membership) -> bytes:
    """A person whom a project names, the name by id."""
    return _json.encode(
        ProjectMemberAnswer(user_id, user_id, None, name_of(user_id), member.role, member.joined_at)
    )


def render_project_team(team_id: str, name: str | None, member: Membership) -> bytes:
    """A team that a project names."""
    return _json.encode(
        ProjectMemberAnswer(
            team_id, None, team_id, msgspec.Raw(_json.encode(name)), member.role, member.joined_at
        )
    )


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


def project_created(recorded: Recorded, rows: Rows) -> None:
    event: ProjectCreated = recorded.event
    stamp = recorded.stamp
    rows.put("projects", ProjectAccessRow(stamp.stream, stamp.workspace_id, event.is_private))
    _join_project(recorded, rows, event.owner_id, "admin")


def project_changed(recorded: Recorded, rows: Rows) -> None:
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


def project_member_added(recorded: Recorded, rows: Rows) -> None:
    _join_project(recorded, rows, recorded.event.user_id, recorded.event.role)


def project_member_role_changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectMemberRoleChanged = recorded.event
    row: ProjectMemberRow | None = rows.get("project_members", recorded.stamp.stream, event.user_id)
    if row is None:
        _join_project(recorded, rows, event.user_id, event.role)
    else:
        row.role = event.role
        rows.put("project_members", row)


def project_member_removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("project_members", recorded.stamp.stream, recorded.event.user_id)


def project_team_added(recorded: Recorded, rows: Rows) -> None:
    event: ProjectTeamAdded = recorded.event
    _join_project(recorded, rows, event.team_id, event.role)


def project_team_role_changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectTeamRoleChanged = recorded.event
    row: ProjectMemberRow | None = rows.get("project_members", recorded.stamp.stream, event.team_id)
    if row is not None:
        row.role = event.role
        rows.put("project_members", row)


def project_team_removed(recorded: Recorded, rows: Rows) -> None:
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


def finish_project_member(row: ProjectMemberRow) -> None:
    member = Membership(row.role, row.joined_at, row.joined)
    if is_id(row.member_id, "team"):
        row.doc = render_project_team(row.member_id, row.team_name, member)
    else:
        row.doc = render_project_member(row.member_id, member)
