"""How each event of a workspace is taken back."""

from typing import Any, Final

from commands.inverse import Inverse, Inverses, Undone, kept
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.add_team_member import AddTeamMember
from commands.workspace.change_member_role import ChangeWorkspaceMemberRole
from commands.workspace.delete_team import DeleteTeam
from commands.workspace.invite_member import RevokeInvitation
from commands.workspace.remove_member import RemoveWorkspaceMember
from commands.workspace.remove_team_member import RemoveTeamMember
from commands.workspace.rename_team import RenameTeam
from commands.workspace.rename_workspace import RenameWorkspace
from commands.workspace.suspend_member import ReactivateMember, SuspendMember
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
    WorkspaceMemberReactivated,
    WorkspaceMemberRemoved,
    WorkspaceMemberRoleChanged,
    WorkspaceMemberSuspended,
    WorkspaceRenamed,
)


def _member_back(undone: Undone) -> tuple[Any, ...]:
    """With the teams that they left by going; who was suspended still is."""
    workspace_id, user_id = undone.stream, undone.event.user_id
    steps: list[Any] = [
        AddWorkspaceMember(workspace_id=workspace_id, user_id=user_id, role=undone.event.was),
        *(
            AddTeamMember(workspace_id=workspace_id, team_id=team_id, user_id=user_id)
            for team_id in undone.before.teams_of(user_id)
        ),
    ]
    if user_id in undone.before.suspended:
        steps.append(SuspendMember(workspace_id=workspace_id, user_id=user_id))
    return tuple(steps)


WORKSPACE_INVERSES: Final[Inverses] = {
    TeamCreated: Inverse(
        DeleteTeam,
        lambda undone: DeleteTeam(workspace_id=undone.stream, team_id=undone.event.team_id),
    ),
    TeamRenamed: Inverse(
        RenameTeam,
        lambda undone: RenameTeam(
            workspace_id=undone.stream,
            team_id=undone.event.team_id,
            name=kept(undone.event.was),
        ),
    ),
    TeamMemberAdded: Inverse(
        RemoveTeamMember,
        lambda undone: RemoveTeamMember(
            workspace_id=undone.stream,
            team_id=undone.event.team_id,
            user_id=undone.event.user_id,
        ),
    ),
    TeamMemberRemoved: Inverse(
        AddTeamMember,
        lambda undone: AddTeamMember(
            workspace_id=undone.stream,
            team_id=undone.event.team_id,
            user_id=undone.event.user_id,
        ),
    ),
    WorkspaceRenamed: Inverse(
        RenameWorkspace,
        lambda undone: RenameWorkspace(workspace_id=undone.stream, name=kept(undone.event.was)),
    ),
    WorkspaceMemberAdded: Inverse(
        RemoveWorkspaceMember,
        lambda undone: RemoveWorkspaceMember(
            workspace_id=undone.stream, user_id=undone.event.user_id
        ),
    ),
    ServiceAccountAdded: Inverse(
        RemoveWorkspaceMember,
        lambda undone: RemoveWorkspaceMember(
            workspace_id=undone.stream, user_id=undone.event.user_id
        ),
    ),
    WorkspaceMemberInvited: Inverse(
        RevokeInvitation,
        lambda undone: RevokeInvitation(
            workspace_id=undone.stream, invitation_id=undone.event.invitation_id
        ),
    ),
    WorkspaceMemberSuspended: Inverse(
        ReactivateMember,
        lambda undone: ReactivateMember(workspace_id=undone.stream, user_id=undone.event.user_id),
    ),
    WorkspaceMemberReactivated: Inverse(
        SuspendMember,
        lambda undone: SuspendMember(workspace_id=undone.stream, user_id=undone.event.user_id),
    ),
    WorkspaceMemberRoleChanged: Inverse(
        ChangeWorkspaceMemberRole,
        lambda undone: ChangeWorkspaceMemberRole(
            workspace_id=undone.stream, user_id=undone.event.user_id, role=undone.event.was
        ),
    ),
    WorkspaceMemberRemoved: Inverse(AddWorkspaceMember, _member_back),
}
