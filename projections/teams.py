"""The teams of a workspace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from domain.values.recorded import Recorded
from domain.values.text import readable
from domain.workspace.events import (
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
)
from domain.workspace.state import Team, Workspace

from .people import NameMark, name_of
from .profiles import stand_in_teams
from .projection import Rows, Scan, Table
from .workspace_members import MemberRow, team_ids_of
from .workspaces import workspace_changed

_json = msgspec.json.Encoder()


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
    name: NameMark
    joined_at: datetime


class WholeTeamAnswer(TeamAnswer, frozen=True):
    """A team as `GET /workspaces/{id}/teams/{team_id}` shows it. `version` and `position` are
    the workspace's."""

    members: Sequence[TeamMemberAnswer]
    version: int
    position: int


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
                TeamMemberAnswer(each, name_of(each), since) for each, since in team.members.items()
            ],
            version=workspace.version,
            position=workspace.position,
        )
    )


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


def team_created(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: TeamCreated = recorded.event
    stamp = recorded.stamp
    rows.put(
        "teams",
        TeamRow(event.team_id, stamp.stream, readable(event.name), stamp.at, stamp.position),
    )


def team_renamed(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: TeamRenamed = recorded.event
    name = readable(event.name)
    row: TeamRow | None = rows.get("teams", event.team_id)
    if row is not None:
        row.name = name
        rows.put("teams", row)
    for named in rows.scan("project_members", "member_id", event.team_id):
        named.team_name = name
        rows.put("project_members", named)


def team_deleted(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: TeamDeleted = recorded.event
    rows.delete("teams", event.team_id)
    for named in rows.scan("project_members", "member_id", event.team_id):
        rows.delete("project_members", named.project_id, named.member_id)
    for user_id in event.members:
        _leave_team(recorded, rows, user_id, event.team_id)


def team_member_added(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: TeamMemberAdded = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is None or event.team_id in team_ids_of(row.team_ids):
        return
    row.team_ids = ",".join((*team_ids_of(row.team_ids), event.team_id))
    rows.put("members", row)
    stand_in_teams(recorded, rows, event.user_id, team_ids_of(row.team_ids))
    _resize(rows, event.team_id, 1)


def team_member_removed(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: TeamMemberRemoved = recorded.event
    if _leave_team(recorded, rows, event.user_id, event.team_id):
        _resize(rows, event.team_id, -1)


def _leave_team(recorded: Recorded, rows: Rows, user_id: str, team_id: str) -> bool:
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, user_id)
    if row is None or team_id not in team_ids_of(row.team_ids):
        return False
    row.team_ids = ",".join(each for each in team_ids_of(row.team_ids) if each != team_id)
    rows.put("members", row)
    stand_in_teams(recorded, rows, user_id, team_ids_of(row.team_ids))
    return True


def _resize(rows: Rows, team_id: str, by: int) -> None:
    row: TeamRow | None = rows.get("teams", team_id)
    if row is not None:
        row.size += by
        rows.put("teams", row)


def finish_team(row: TeamRow) -> None:
    row.doc = _json.encode(
        TeamAnswer(row.team_id, row.team_id, row.workspace_id, row.name, row.size, row.created_at)
    )


def named_as_team(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("project_members", "member_id", recorded.event.team_id),)
