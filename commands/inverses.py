"""How each event is taken back: the other half of the table of contents.

An event that is not here has no inverse; each command that records it says why (`NoInverse`). Most
events carry what stood there before (`was`); what they do not carry stands in the state before.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from commands.comment.delete_comment import DeleteComment
from commands.comment.edit_comment import EditComment
from commands.comment.restore_comment import RestoreComment
from commands.dependency_graph.add_dependency import AddDependency
from commands.dependency_graph.remove_dependency import RemoveDependency
from commands.inverse import Consequence, Inverse, Undone
from commands.labels.delete_label import DeleteLabel
from commands.labels.edit_label import EditLabel
from commands.labels.merge_label import MergeLabel
from commands.labels.restore_label import RestoreLabel
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
from commands.recurrence.resume_recurrence import ResumeRecurrence
from commands.recurrence.set_recurrence import SetRecurrence
from commands.recurrence.stop_recurrence import StopRecurrence
from commands.recurrence.withdraw_occurrence import WithdrawOccurrence
from commands.saved_view.change_saved_view import ChangeSavedView
from commands.saved_view.delete_saved_view import DeleteSavedView
from commands.saved_view.restore_saved_view import RestoreSavedView
from commands.task.assign_task import AssignTask
from commands.task.edit_task import EditTask
from commands.task.move_to_project import MoveToProject
from commands.task.restore_task import RestoreTask
from commands.task.return_task import ReturnTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_parent import SetParent
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from commands.template.delete_template import DeleteTemplate
from commands.template.restore_template import RestoreTemplate
from commands.user.edit_profile import EditProfile
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
from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.errors import Kind, Refused
from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)
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
from domain.recurrence.events import (
    OccurrenceMade,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)
from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.task.decisions import COUNTERPARTS
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskParentChanged,
    TaskPrioritised,
    TaskRanked,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.template.events import TemplateDeleted, TemplateRestored
from domain.user.events import UserLocaleChanged, UserRenamed
from domain.values.moment import written
from domain.values.text import Erased
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

T = TypeVar("T")


def _kept(former: T | Erased) -> T:
    """What stood there, where it can still be read."""
    if isinstance(former, Erased):
        raise Refused(
            Kind.NOT_UNDOABLE,
            "This cannot be undone: the text that stood there before has been erased.",
        )
    return former


def _date(at: datetime | None) -> str | None:
    return None if at is None else written(at)


def _fields_back(undone: Undone) -> EditTask:
    former = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in _kept(undone.event.was).items()
    }
    return EditTask(task_id=undone.stream, fields=former)


def _label_back(undone: Undone) -> RestoreLabel:
    return RestoreLabel(workspace_id=undone.before.workspace_id, label_id=undone.event.label_id)


def _label_gone_again(undone: Undone) -> MergeLabel | DeleteLabel:
    label_id, workspace_id = undone.event.label_id, undone.before.workspace_id
    into = undone.before.by_id[label_id].merged_into
    if into is not None:
        return MergeLabel(workspace_id=workspace_id, label_id=label_id, into=into)
    return DeleteLabel(workspace_id=workspace_id, label_id=label_id)


def _dependency_back(undone: Undone) -> AddDependency:
    event: DependencyRemoved = undone.event
    is_source = event.task_id == event.from_task_id
    return AddDependency(
        task_id=event.task_id,
        other_task_id=event.to_task_id if is_source else event.from_task_id,
        relation=event.type if is_source else COUNTERPARTS[event.type],
        dependency_id=event.dependency_id,
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


INVERSES: Final[Mapping[type, Inverse | Consequence]] = {
    TaskCreated: Inverse(TrashTask, lambda undone: TrashTask(task_id=undone.stream)),
    TaskRetitled: Inverse(
        EditTask, lambda undone: EditTask(task_id=undone.stream, title=_kept(undone.event.was))
    ),
    TaskDescribed: Inverse(
        EditTask,
        lambda undone: EditTask(
            task_id=undone.stream, description=_kept(undone.before.description)
        ),
    ),
    TaskAssigned: Inverse(
        AssignTask,
        lambda undone: AssignTask(task_id=undone.stream, assignee_ids=undone.event.was),
    ),
    TaskPrioritised: Inverse(
        SetPriority,
        lambda undone: SetPriority(task_id=undone.stream, priority_level=undone.event.was),
    ),
    TaskDueDateChanged: Inverse(
        SetDueDate,
        lambda undone: SetDueDate(
            task_id=undone.stream,
            due_date=_date(undone.event.was),
            all_day=undone.event.was_all_day,
        ),
    ),
    TaskStartDateChanged: Inverse(
        EditTask,
        lambda undone: EditTask(task_id=undone.stream, start_date=_date(undone.event.was)),
    ),
    TaskEstimateChanged: Inverse(
        EditTask, lambda undone: EditTask(task_id=undone.stream, estimate=undone.event.was)
    ),
    TaskTypeChanged: Inverse(
        EditTask, lambda undone: EditTask(task_id=undone.stream, type=undone.event.was)
    ),
    TaskTagged: Inverse(
        TagTask, lambda undone: TagTask(task_id=undone.stream, held=undone.event.was)
    ),
    TaskFieldsChanged: Inverse(EditTask, _fields_back),
    TaskStatusChanged: Inverse(
        ReturnTask,
        lambda undone: ReturnTask(
            task_id=undone.stream,
            status=undone.event.was,
            rank=undone.before.rank,
            completed_at=undone.before.completed_at,
        ),
    ),
    TaskRanked: Inverse(
        ReturnTask,
        lambda undone: ReturnTask(
            task_id=undone.stream, status=undone.before.status, rank=undone.event.was
        ),
    ),
    TaskMovedToProject: Inverse(
        MoveToProject,
        lambda undone: MoveToProject(
            task_id=undone.stream,
            project_id=undone.event.was_project_id,
            status=undone.event.was_status,
        ),
    ),
    TaskParentChanged: Inverse(
        SetParent,
        lambda undone: SetParent(task_id=undone.stream, parent_task_id=undone.event.was),
    ),
    TemplateDeleted: Inverse(
        RestoreTemplate, lambda undone: RestoreTemplate(template_id=undone.stream)
    ),
    TemplateRestored: Inverse(
        DeleteTemplate, lambda undone: DeleteTemplate(template_id=undone.stream)
    ),
    SavedViewCreated: Inverse(
        DeleteSavedView, lambda undone: DeleteSavedView(view_id=undone.stream)
    ),
    SavedViewRenamed: Inverse(
        ChangeSavedView,
        lambda undone: ChangeSavedView(view_id=undone.stream, name=_kept(undone.event.was)),
    ),
    SavedViewAltered: Inverse(
        ChangeSavedView,
        lambda undone: ChangeSavedView(
            view_id=undone.stream,
            query=_kept(undone.before.query),
            filters=undone.before.filters,
            sort=undone.before.sort or "",
        ),
    ),
    SavedViewShared: Inverse(
        ChangeSavedView,
        lambda undone: ChangeSavedView(
            view_id=undone.stream, shares=True, project_id=undone.event.was
        ),
    ),
    SavedViewDeleted: Inverse(
        RestoreSavedView, lambda undone: RestoreSavedView(view_id=undone.stream)
    ),
    SavedViewRestored: Inverse(
        DeleteSavedView, lambda undone: DeleteSavedView(view_id=undone.stream)
    ),
    TaskMadeRecurring: Consequence(),
    RecurrenceStarted: Inverse(
        StopRecurrence, lambda undone: StopRecurrence(task_id=undone.event.task_id)
    ),
    RecurrenceChanged: Inverse(
        SetRecurrence,
        lambda undone: SetRecurrence(
            task_id=undone.event.task_id,
            rule=undone.event.was_rule,
            time_zone=undone.event.was_time_zone,
            basis=undone.event.was_basis,
            due_date=_date(undone.event.was_first),
        ),
    ),
    RecurrenceEnded: Inverse(
        ResumeRecurrence, lambda undone: ResumeRecurrence(task_id=undone.event.task_id)
    ),
    RecurrenceResumed: Inverse(
        StopRecurrence, lambda undone: StopRecurrence(task_id=undone.event.task_id)
    ),
    OccurrenceMade: Inverse(
        WithdrawOccurrence,
        lambda undone: WithdrawOccurrence(
            task_id=undone.event.was,
            due_at=undone.event.was_due_at,
            withdrawn=undone.event.task_id,
        ),
    ),
    TaskTrashed: Inverse(RestoreTask, lambda undone: RestoreTask(task_id=undone.stream)),
    TaskRestored: Inverse(TrashTask, lambda undone: TrashTask(task_id=undone.stream)),
    CommentAdded: Inverse(DeleteComment, lambda undone: DeleteComment(comment_id=undone.stream)),
    CommentEdited: Inverse(
        EditComment,
        lambda undone: EditComment(
            comment_id=undone.stream,
            text=_kept(undone.event.was),
            mentions=undone.event.was_mentions,
        ),
    ),
    CommentDeleted: Inverse(
        RestoreComment, lambda undone: RestoreComment(comment_id=undone.stream)
    ),
    CommentRestored: Inverse(DeleteComment, lambda undone: DeleteComment(comment_id=undone.stream)),
    LabelCreated: Consequence(),
    LabelRenamed: Inverse(
        EditLabel,
        lambda undone: EditLabel(
            workspace_id=undone.before.workspace_id,
            label_id=undone.event.label_id,
            name=undone.event.was,
        ),
    ),
    LabelRecoloured: Inverse(
        EditLabel,
        lambda undone: EditLabel(
            workspace_id=undone.before.workspace_id,
            label_id=undone.event.label_id,
            colour=undone.event.was,
        ),
    ),
    LabelDeleted: Inverse(RestoreLabel, _label_back),
    LabelMerged: Inverse(RestoreLabel, _label_back),
    LabelRestored: Inverse(DeleteLabel, _label_gone_again),
    DependencyAdded: Inverse(
        RemoveDependency,
        lambda undone: RemoveDependency(
            task_id=undone.event.task_id, dependency_id=undone.event.dependency_id
        ),
    ),
    DependencyRemoved: Inverse(AddDependency, _dependency_back),
    TaskDependencyAdded: Consequence(),
    TaskDependencyRemoved: Consequence(),
    TaskBlocked: Consequence(),
    TaskUnblocked: Consequence(),
    ProjectCreated: Inverse(
        ArchiveProject, lambda undone: ArchiveProject(project_id=undone.stream)
    ),
    ProjectRenamed: Inverse(
        EditProject,
        lambda undone: EditProject(project_id=undone.stream, name=_kept(undone.event.was)),
    ),
    ProjectDescribed: Inverse(
        EditProject,
        lambda undone: EditProject(
            project_id=undone.stream, description=_kept(undone.before.description)
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
    TeamCreated: Inverse(
        DeleteTeam,
        lambda undone: DeleteTeam(workspace_id=undone.stream, team_id=undone.event.team_id),
    ),
    TeamRenamed: Inverse(
        RenameTeam,
        lambda undone: RenameTeam(
            workspace_id=undone.stream,
            team_id=undone.event.team_id,
            name=_kept(undone.event.was),
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
        lambda undone: RenameWorkspace(workspace_id=undone.stream, name=_kept(undone.event.was)),
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
    UserRenamed: Inverse(
        EditProfile,
        lambda undone: EditProfile(user_id=undone.stream, name=_kept(undone.event.was)),
    ),
    UserLocaleChanged: Inverse(
        EditProfile,
        lambda undone: EditProfile(
            user_id=undone.stream,
            time_zone=undone.event.was_time_zone,
            locale=undone.event.was_locale,
        ),
    ),
}
