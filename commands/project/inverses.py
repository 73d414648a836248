"""How each event of a project is taken back."""

from typing import Final

from commands.inverse import Inverse, Inverses, kept
from commands.project.add_member import AddProjectMember
from commands.project.add_team import AddProjectTeam
from commands.project.archive_project import ArchiveProject
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.project.change_retention import ChangeRetention
from commands.project.change_team_role import ChangeProjectTeamRole
from commands.project.change_types import ChangeTypes
from commands.project.edit_project import EditProject
from commands.project.remove_member import RemoveProjectMember
from commands.project.remove_team import RemoveProjectTeam
from commands.project.unarchive_project import UnarchiveProject
from domain.project.events import (
    ProjectArchived,
    ProjectCreated,
    ProjectDescribed,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectRetentionChanged,
    ProjectSettingsChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectTypesChanged,
    ProjectUnarchived,
    ProjectViewTypeChanged,
)

PROJECT_INVERSES: Final[Inverses] = {
    ProjectCreated: Inverse(
        ArchiveProject, lambda undone: ArchiveProject(project_id=undone.stream)
    ),
    ProjectRenamed: Inverse(
        EditProject,
        lambda undone: EditProject(project_id=undone.stream, name=kept(undone.event.was)),
    ),
    ProjectDescribed: Inverse(
        EditProject,
        lambda undone: EditProject(
            project_id=undone.stream, description=kept(undone.before.description)
        ),
    ),
    ProjectViewTypeChanged: Inverse(
        EditProject,
        lambda undone: EditProject(project_id=undone.stream, view_type=undone.event.was),
    ),
    ProjectPrivacyChanged: Inverse(
        EditProject,
        lambda undone: EditProject(project_id=undone.stream, is_private=undone.event.was),
    ),
    ProjectArchived: Inverse(
        UnarchiveProject, lambda undone: UnarchiveProject(project_id=undone.stream)
    ),
    ProjectUnarchived: Inverse(
        ArchiveProject, lambda undone: ArchiveProject(project_id=undone.stream)
    ),
    ProjectMemberAdded: Inverse(
        RemoveProjectMember,
        lambda undone: RemoveProjectMember(project_id=undone.stream, user_id=undone.event.user_id),
    ),
    ProjectMemberRoleChanged: Inverse(
        ChangeProjectMemberRole,
        lambda undone: ChangeProjectMemberRole(
            project_id=undone.stream, user_id=undone.event.user_id, role=undone.event.was
        ),
    ),
    ProjectMemberRemoved: Inverse(
        AddProjectMember,
        lambda undone: AddProjectMember(
            project_id=undone.stream, user_id=undone.event.user_id, role=undone.event.was
        ),
    ),
    ProjectTypesChanged: Inverse(
        ChangeTypes,
        lambda undone: ChangeTypes(project_id=undone.stream, types=undone.event.was),
    ),
    ProjectRetentionChanged: Inverse(
        ChangeRetention,
        lambda undone: ChangeRetention(project_id=undone.stream, trash_days=undone.event.was),
    ),
    ProjectTeamAdded: Inverse(
        RemoveProjectTeam,
        lambda undone: RemoveProjectTeam(project_id=undone.stream, team_id=undone.event.team_id),
    ),
    ProjectTeamRoleChanged: Inverse(
        ChangeProjectTeamRole,
        lambda undone: ChangeProjectTeamRole(
            project_id=undone.stream, team_id=undone.event.team_id, role=undone.event.was
        ),
    ),
    ProjectTeamRemoved: Inverse(
        AddProjectTeam,
        lambda undone: AddProjectTeam(
            project_id=undone.stream, team_id=undone.event.team_id, role=undone.event.was
        ),
    ),
    ProjectOwnerChanged: Inverse(
        EditProject,
        lambda undone: EditProject(project_id=undone.stream, owner_id=undone.event.was),
    ),
    ProjectSettingsChanged: Inverse(
        EditProject,
        lambda undone: EditProject(project_id=undone.stream, settings=undone.event.was),
    ),
}
