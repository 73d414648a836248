"""Workspaces themselves, without their members and teams."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.values.evolved import evolved
from domain.values.recorded import Recorded
from domain.values.text import readable
from domain.workspace.events import (
    WorkspaceClosed,
    WorkspaceImported,
    WorkspaceInvitationAccepted,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceMemberInvited,
    WorkspaceRenamed,
    WorkspaceReopened,
    WorkspaceTasksHandedOver,
)
from domain.workspace.state import Workspace
from domain.workspace.state import evolve as evolve_workspace

from .projection import Rows, Table
from .states import StateCodec

_json = msgspec.json.Encoder()
_workspaces = StateCodec(Workspace)


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


# Those that change nothing here but the workspace's own row.
WORKSPACE_EVENTS = (
    WorkspaceRenamed,
    WorkspaceMemberInvited,
    WorkspaceInvitationRenewed,
    WorkspaceInvitationRevoked,
    WorkspaceInvitationAccepted,
    WorkspaceTasksHandedOver,
    WorkspaceClosed,
    WorkspaceReopened,
    WorkspaceImported,
)

# What stands in rows of its own, or is asked of the log itself.
_ELSEWHERE: Mapping[str, Mapping[str, Any]] = {
    "members": {},
    "teams": {},
    "suspended": {},
    "invitations": {},
    "parted": {},
}


def workspace_changed(recorded: Recorded, rows: Rows) -> None:
    """Fold an event into the workspace's own row, as every event of its stream is."""
    stamp = recorded.stamp
    row: WorkspaceRow = rows.get("workspaces", stamp.stream) or WorkspaceRow(stamp.stream)
    if row.workspace is None and row.state:
        row.workspace = _workspaces.decode(row.state)
    workspace = evolve_workspace(row.workspace, recorded.event, stamp)
    if workspace is not None:
        row.workspace = evolved(workspace, **_ELSEWHERE)
        rows.put("workspaces", row)


def finish_workspace(row: WorkspaceRow) -> None:
    workspace = row.workspace
    if workspace is not None:
        row.state = _workspaces.encode(workspace)
        row.created_at = workspace.created_at
        row.version = workspace.version
        row.closed = workspace.closed_at is not None
        row.doc = render_workspace(workspace)
