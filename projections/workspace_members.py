"""Who belongs to a workspace, as what, and in which of its teams."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.values.recorded import Recorded
from domain.workspace.events import (
    ServiceAccountAdded,
    WorkspaceInvitationAccepted,
    WorkspaceMemberAdded,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberSuspended,
    WorkspaceTransferred,
)
from domain.workspace.state import Membership

from .people import NameMark, name_of
from .profiles import stand, stand_in_teams, stand_invited
from .projection import Rows, Scan, Table
from .workspaces import workspace_changed

_json = msgspec.json.Encoder()


class MemberAnswer(msgspec.Struct, frozen=True):
    """A member as the list of a workspace's members shows it."""

    id: str
    user_id: str
    name: NameMark
    role: str
    team_ids: Sequence[str]
    is_service_account: bool
    suspended: bool
    joined_at: datetime


def render_member(
    user_id: str, member: Membership, team_ids: Sequence[str], *, suspended: bool = False
) -> bytes:
    """A workspace's member, the name by id."""
    return _json.encode(
        MemberAnswer(
            user_id,
            user_id,
            name_of(user_id),
            member.role,
            team_ids,
            member.is_service,
            suspended,
            member.joined_at,
        )
    )


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


def workspace_created(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    _join(recorded, rows, recorded.event.owner_id, "owner")


def member_added(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: WorkspaceMemberAdded | ServiceAccountAdded = recorded.event
    is_service = isinstance(event, ServiceAccountAdded)
    _join(recorded, rows, event.user_id, event.role, is_service=is_service)


def invitation_accepted(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: WorkspaceInvitationAccepted = recorded.event
    stand_invited(recorded, rows, event.user_id, event.invitation_id)


def member_role_changed(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    _change_role(recorded, rows, recorded.event.user_id, recorded.event.role)


def member_suspended(recorded: Recorded, rows: Rows) -> None:
    """Their row stays, and no set of access has it; nor do they themselves."""
    workspace_changed(recorded, rows)
    event: WorkspaceMemberSuspended | WorkspaceMemberReactivated = recorded.event
    is_back = isinstance(event, WorkspaceMemberReactivated)
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is not None:
        row.suspended = not is_back
        rows.put("members", row)
        stand(recorded, rows, event.user_id, row.role if is_back else None)


def transferred(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
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
        stand(recorded, rows, user_id, role)


def member_removed(recorded: Recorded, rows: Rows) -> None:
    workspace_changed(recorded, rows)
    event: WorkspaceMemberRemoved = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    rows.delete("members", recorded.stamp.stream, event.user_id)
    stand(recorded, rows, event.user_id, None)
    stand_in_teams(recorded, rows, event.user_id, ())
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
    stand(recorded, rows, user_id, role)


def team_ids_of(text: str) -> tuple[str, ...]:
    """The teams of a member's row."""
    return tuple(text.split(",")) if text else ()


def finish_member(row: MemberRow) -> None:
    member = Membership(row.role, row.joined_at, row.joined, row.is_service)
    teams = team_ids_of(row.team_ids)
    row.doc = render_member(row.user_id, member, teams, suspended=row.suspended)


def member_rows(workspace_id: str, *user_ids: str) -> Iterable[tuple[Any, ...]]:
    """The rows of some members, and those of the people that they are."""
    for user_id in user_ids:
        yield ("members", workspace_id, user_id)
        yield ("people", user_id)


def teams_of_workspace(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("teams", "workspace_id", recorded.stamp.stream),)
