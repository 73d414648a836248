"""Who may see what, kept beside the notifications: a rebuild meets it as it was at each change."""

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
from domain.values.recorded import Recorded
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    WorkspaceMemberAdded,
    WorkspaceMemberReactivated,
    WorkspaceMemberSuspended,
    WorkspaceTransferred,
)
from projections.projection import Rows

from .rows import MemberRow, Naming, ProjectRow


def workspace_created(recorded: Recorded, rows: Rows) -> None:
    _join(recorded, rows, recorded.event.owner_id, "owner")


def member_added(recorded: Recorded, rows: Rows) -> None:
    event: WorkspaceMemberAdded | ServiceAccountAdded = recorded.event
    _join(recorded, rows, event.user_id, event.role)


def member_removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("members", recorded.stamp.stream, recorded.event.user_id)


def transferred(recorded: Recorded, rows: Rows) -> None:
    event: WorkspaceTransferred = recorded.event
    _change_role(recorded, rows, event.owner_id, "owner")
    if event.stepped_down is not None:
        _change_role(recorded, rows, event.stepped_down, "admin")


def member_role_changed(recorded: Recorded, rows: Rows) -> None:
    _change_role(recorded, rows, recorded.event.user_id, recorded.event.role)


def member_suspended(recorded: Recorded, rows: Rows) -> None:
    event: WorkspaceMemberSuspended | WorkspaceMemberReactivated = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is not None:
        row.suspended = isinstance(event, WorkspaceMemberSuspended)
        rows.put("members", row)


def team_member_added(recorded: Recorded, rows: Rows) -> None:
    event: TeamMemberAdded = recorded.event
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, event.user_id)
    if row is not None and event.team_id not in row.team_ids:
        row.team_ids = [*row.team_ids, event.team_id]
        rows.put("members", row)


def team_members_gone(recorded: Recorded, rows: Rows) -> None:
    event: TeamMemberRemoved | TeamDeleted = recorded.event
    for user_id in event.members if isinstance(event, TeamDeleted) else (event.user_id,):
        row: MemberRow | None = rows.get("members", recorded.stamp.stream, user_id)
        if row is not None and event.team_id in row.team_ids:
            row.team_ids = [each for each in row.team_ids if each != event.team_id]
            rows.put("members", row)


def project_created(recorded: Recorded, rows: Rows) -> None:
    event: ProjectCreated = recorded.event
    stamp = recorded.stamp
    row = ProjectRow(stamp.stream, stamp.workspace_id, event.is_private)
    row.named[event.owner_id] = Naming("admin", stamp.position)
    rows.put("projects", row)


def project_changed(recorded: Recorded, rows: Rows) -> None:
    """Its privacy, whether it is archived, and whom it names."""
    row: ProjectRow | None = rows.get("projects", recorded.stamp.stream)
    if row is None:
        return
    position = recorded.position
    match recorded.event:
        case ProjectPrivacyChanged(is_private=is_private):
            row.is_private = is_private
        case ProjectArchived():
            row.archived = True
        case ProjectUnarchived():
            row.archived = False
        case ProjectMemberAdded(user_id=each, role=role):
            row.named[each] = Naming(role, position)
        case ProjectTeamAdded(team_id=each, role=role):
            row.named[each] = Naming(role, position)
        case ProjectMemberRoleChanged(user_id=each, role=role):
            row.named[each] = _changed(row.named.get(each), role, position)
        case ProjectTeamRoleChanged(team_id=each, role=role):
            row.named[each] = _changed(row.named.get(each), role, position)
        case ProjectMemberRemoved(user_id=each) | ProjectTeamRemoved(team_id=each):
            row.named.pop(each, None)
    rows.put("projects", row)


def _changed(before: Naming | None, role: str, position: int) -> Naming:
    return Naming(role, position if before is None else before.position)


def _join(recorded: Recorded, rows: Rows, user_id: str, role: str) -> None:
    stamp = recorded.stamp
    rows.put("members", MemberRow(stamp.stream, user_id, role, stamp.position))


def _change_role(recorded: Recorded, rows: Rows, user_id: str, role: str) -> None:
    row: MemberRow | None = rows.get("members", recorded.stamp.stream, user_id)
    if row is None:
        _join(recorded, rows, user_id, role)
    else:
        row.role = role
        rows.put("members", row)
