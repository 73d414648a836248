"""Every event that the log may hold: its stored name, its class, and who seals which field.

A name is never reused and a stored shape never changes: another shape is the next version, with an
upcaster from the one before. Moving or renaming a class changes nothing that is stored.
"""

from collections.abc import Callable
from typing import Any

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.custody.events import (
    ErasureApproved,
    ErasureAsked,
    ErasureCarriedOut,
    ErasureCompleted,
    ErasureWithdrawn,
    HoldKept,
    HoldLifted,
    HoldLiftProposed,
    HoldProposed,
    HoldSet,
    HoldWithdrawn,
)
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.export.events import TrailExported
from domain.favourites.events import FavouriteAdded, FavouriteRemoved
from domain.inbox.events import NotificationRead, NotificationSnoozed, NotificationsRead
from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)
from domain.ledger.events import ChainsSummed, IncarnationDeclared, SigningKeyChanged
from domain.preferences.events import NotificationPreferencesChanged
from domain.project.events import (
    ProjectArchived,
    ProjectColumnsChanged,
    ProjectCreated,
    ProjectDescribed,
    ProjectFieldsChanged,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectRetentionChanged,
    ProjectSettingsChanged,
    ProjectSwimlaneChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectTeamRoleChanged,
    ProjectTypesChanged,
    ProjectUnarchived,
    ProjectViewTypeChanged,
    ProjectWorkflowChanged,
)
from domain.reactions.events import ReactionAdded, ReactionRemoved
from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)
from domain.reminders.events import TaskDueDateNeared, TaskDueDatePassed
from domain.retention.events import TaskPurgeHeld
from domain.review.events import ReviewScheduleChanged, TrailReviewed
from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)
from domain.security.events import ApiKeyUsed, CommandsRefused, LogInsFailed, TrailRead
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
    TaskPurged,
    TaskRanked,
    TaskRecordImported,
    TaskRespaced,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.template.events import (
    TemplateCreated,
    TemplateDeleted,
    TemplateEmptied,
    TemplateRenamed,
    TemplateRestored,
    TemplateTaskAdded,
    TemplateTaskFilled,
)
from domain.user.events import (
    ApiKeyMade,
    ApiKeyRevoked,
    PersonImported,
    ServiceAccountCreated,
    UserActivated,
    UserEmailChanged,
    UserEmailVerified,
    UserErased,
    UserIdentityLinked,
    UserIdentityUnlinked,
    UserLocaleChanged,
    UserPasswordChanged,
    UserRecoveryCodesRenewed,
    UserRegistered,
    UserRenamed,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
    UserSuspended,
)
from domain.values.frozen import dataclass
from domain.watching.events import TaskMuted, TaskUnmuted, WatchStarted, WatchStopped
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceClosed,
    WorkspaceCreated,
    WorkspaceImported,
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


@dataclass(frozen=True, slots=True)
class EventType:
    """`content` fields are sealed under the author's key for the workspace, `identity` fields
    under that of the person whom they name. `drawn` is filled from the envelope, never stored."""

    name: str
    event: type
    content: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    drawn: str | None = None


@dataclass(frozen=True, slots=True)
class Upcaster:
    """How an event stored as `name` reads as one stored as `to`.

    `change` gets the fields as they were stored, unsealed (ERASED where a key is gone; arrays as
    lists), and returns those of the newer shape.
    """

    name: str
    to: str
    change: Callable[[dict[str, Any]], dict[str, Any]]


EVENT_TYPES: tuple[EventType, ...] = (
    EventType("UserRegistered.v1", UserRegistered, identity=("username", "email", "name")),
    EventType("PersonImported.v1", PersonImported, identity=("name",)),
    EventType("UserRenamed.v1", UserRenamed, identity=("name", "was")),
    EventType("UserLocaleChanged.v1", UserLocaleChanged),
    EventType("UserEmailVerified.v1", UserEmailVerified, identity=("email",)),
    EventType("UserEmailChanged.v1", UserEmailChanged, identity=("email", "was")),
    EventType("UserPasswordChanged.v1", UserPasswordChanged),
    EventType("UserSecondFactorEnabled.v1", UserSecondFactorEnabled),
    EventType("UserSecondFactorDisabled.v1", UserSecondFactorDisabled),
    EventType("UserRecoveryCodesRenewed.v1", UserRecoveryCodesRenewed),
    EventType("UserIdentityLinked.v1", UserIdentityLinked),
    EventType("UserIdentityUnlinked.v1", UserIdentityUnlinked),
    EventType("UserSuspended.v1", UserSuspended),
    EventType("UserActivated.v1", UserActivated),
    EventType("ServiceAccountCreated.v1", ServiceAccountCreated, identity=("name",)),
    EventType("ApiKeyMade.v1", ApiKeyMade, content=("name",)),
    EventType("ApiKeyRevoked.v1", ApiKeyRevoked, content=("was",)),
    EventType("WorkspaceCreated.v1", WorkspaceCreated, content=("name",)),
    EventType("WorkspaceRenamed.v1", WorkspaceRenamed, content=("name", "was")),
    EventType("WorkspaceMemberAdded.v1", WorkspaceMemberAdded),
    EventType("WorkspaceMemberRoleChanged.v1", WorkspaceMemberRoleChanged),
    EventType("WorkspaceMemberRemoved.v1", WorkspaceMemberRemoved),
    EventType("ServiceAccountAdded.v1", ServiceAccountAdded),
    EventType("WorkspaceTransferred.v1", WorkspaceTransferred),
    EventType("TeamCreated.v1", TeamCreated, content=("name",)),
    EventType("TeamRenamed.v1", TeamRenamed, content=("name", "was")),
    EventType("TeamDeleted.v1", TeamDeleted, content=("was",)),
    EventType("TeamMemberAdded.v1", TeamMemberAdded),
    EventType("TeamMemberRemoved.v1", TeamMemberRemoved),
    EventType("WorkspaceMemberInvited.v1", WorkspaceMemberInvited, identity=("email",)),
    EventType("WorkspaceInvitationRenewed.v1", WorkspaceInvitationRenewed),
    EventType("WorkspaceInvitationRevoked.v1", WorkspaceInvitationRevoked),
    EventType("WorkspaceInvitationAccepted.v1", WorkspaceInvitationAccepted),
    EventType("WorkspaceMemberSuspended.v1", WorkspaceMemberSuspended),
    EventType("WorkspaceMemberReactivated.v1", WorkspaceMemberReactivated),
    EventType("WorkspaceTasksHandedOver.v1", WorkspaceTasksHandedOver),
    EventType("WorkspaceClosed.v1", WorkspaceClosed),
    EventType("WorkspaceReopened.v1", WorkspaceReopened),
    EventType("WorkspaceImported.v1", WorkspaceImported),
    EventType("ProjectCreated.v1", ProjectCreated, content=("name", "description")),
    EventType("ProjectRenamed.v1", ProjectRenamed, content=("name", "was")),
    EventType("ProjectDescribed.v1", ProjectDescribed, content=("description",)),
    EventType("ProjectViewTypeChanged.v1", ProjectViewTypeChanged),
    EventType("ProjectPrivacyChanged.v1", ProjectPrivacyChanged),
    EventType("ProjectArchived.v1", ProjectArchived),
    EventType("ProjectUnarchived.v1", ProjectUnarchived),
    EventType("ProjectMemberAdded.v1", ProjectMemberAdded),
    EventType("ProjectMemberRoleChanged.v1", ProjectMemberRoleChanged),
    EventType("ProjectMemberRemoved.v1", ProjectMemberRemoved),
    EventType("ProjectTeamAdded.v1", ProjectTeamAdded),
    EventType("ProjectTeamRoleChanged.v1", ProjectTeamRoleChanged),
    EventType("ProjectTeamRemoved.v1", ProjectTeamRemoved),
    EventType("ProjectOwnerChanged.v1", ProjectOwnerChanged),
    EventType("ProjectSettingsChanged.v1", ProjectSettingsChanged),
    EventType("ProjectWorkflowChanged.v1", ProjectWorkflowChanged),
    EventType("ProjectColumnsChanged.v1", ProjectColumnsChanged),
    EventType("ProjectSwimlaneChanged.v1", ProjectSwimlaneChanged),
    EventType("ProjectFieldsChanged.v1", ProjectFieldsChanged),
    EventType("ProjectTypesChanged.v1", ProjectTypesChanged),
    EventType("ProjectRetentionChanged.v1", ProjectRetentionChanged),
    EventType(
        "TaskCreated.v1",
        TaskCreated,
        content=("title", "description", "fields", "external_id"),
        drawn="number",
    ),
    EventType("TaskRetitled.v1", TaskRetitled, content=("title", "was")),
    EventType("TaskDescribed.v1", TaskDescribed, content=("description",)),
    EventType("TaskAssigned.v1", TaskAssigned),
    EventType("TaskPrioritised.v1", TaskPrioritised),
    EventType("TaskDueDateChanged.v1", TaskDueDateChanged),
    EventType("TaskStartDateChanged.v1", TaskStartDateChanged),
    EventType("TaskEstimateChanged.v1", TaskEstimateChanged),
    EventType("TaskTypeChanged.v1", TaskTypeChanged),
    EventType("TaskTagged.v1", TaskTagged),
    EventType("TaskFieldsChanged.v1", TaskFieldsChanged, content=("fields", "was")),
    EventType("TaskStatusChanged.v1", TaskStatusChanged),
    EventType("TaskRanked.v1", TaskRanked),
    EventType("TaskRespaced.v1", TaskRespaced),
    EventType("TaskMovedToProject.v1", TaskMovedToProject, drawn="number"),
    EventType("TaskParentChanged.v1", TaskParentChanged),
    EventType("TaskTrashed.v1", TaskTrashed),
    EventType("TaskRestored.v1", TaskRestored),
    EventType("TaskPurged.v1", TaskPurged),
    EventType("TaskMadeRecurring.v1", TaskMadeRecurring),
    EventType(
        "TaskRecordImported.v1",
        TaskRecordImported,
        content=("attributes",),
        identity=("resource",),
    ),
    EventType("TaskDependencyAdded.v1", TaskDependencyAdded),
    EventType("TaskDependencyRemoved.v1", TaskDependencyRemoved),
    EventType("TaskBlocked.v1", TaskBlocked),
    EventType("TaskUnblocked.v1", TaskUnblocked),
    EventType("DependencyAdded.v1", DependencyAdded),
    EventType("DependencyRemoved.v1", DependencyRemoved),
    EventType("CommentAdded.v1", CommentAdded, content=("text",)),
    EventType("CommentEdited.v1", CommentEdited, content=("text", "was")),
    EventType("CommentDeleted.v1", CommentDeleted),
    EventType("CommentRestored.v1", CommentRestored),
    EventType("ReactionAdded.v1", ReactionAdded),
    EventType("ReactionRemoved.v1", ReactionRemoved),
    EventType("WatchStarted.v1", WatchStarted),
    EventType("WatchStopped.v1", WatchStopped),
    EventType("TaskMuted.v1", TaskMuted),
    EventType("TaskUnmuted.v1", TaskUnmuted),
    EventType("FavouriteAdded.v1", FavouriteAdded),
    EventType("FavouriteRemoved.v1", FavouriteRemoved),
    EventType("LabelCreated.v1", LabelCreated),
    EventType("LabelRenamed.v1", LabelRenamed),
    EventType("LabelRecoloured.v1", LabelRecoloured),
    EventType("LabelDeleted.v1", LabelDeleted),
    EventType("LabelMerged.v1", LabelMerged),
    EventType("LabelRestored.v1", LabelRestored),
    EventType("RecurrenceStarted.v1", RecurrenceStarted),
    EventType("RecurrenceChanged.v1", RecurrenceChanged),
    EventType("RecurrenceEnded.v1", RecurrenceEnded),
    EventType("RecurrenceResumed.v1", RecurrenceResumed),
    EventType("OccurrenceMade.v1", OccurrenceMade),
    EventType("OccurrenceWithdrawn.v1", OccurrenceWithdrawn),
    EventType("TemplateCreated.v1", TemplateCreated, content=("name", "description")),
    EventType("TemplateRenamed.v1", TemplateRenamed, content=("name", "was")),
    EventType(
        "TemplateTaskAdded.v1", TemplateTaskAdded, content=("title", "description", "fields")
    ),
    EventType("TemplateTaskFilled.v1", TemplateTaskFilled, content=("fields",)),
    EventType("TemplateEmptied.v1", TemplateEmptied),
    EventType("TemplateDeleted.v1", TemplateDeleted),
    EventType("TemplateRestored.v1", TemplateRestored),
    EventType("NotificationRead.v1", NotificationRead),
    EventType("NotificationSnoozed.v1", NotificationSnoozed),
    EventType("NotificationsRead.v1", NotificationsRead),
    EventType("NotificationPreferencesChanged.v1", NotificationPreferencesChanged),
    EventType("TaskDueDateNeared.v1", TaskDueDateNeared),
    EventType("TaskDueDatePassed.v1", TaskDueDatePassed),
    EventType("SavedViewCreated.v1", SavedViewCreated, content=("name", "query", "filters")),
    EventType("SavedViewRenamed.v1", SavedViewRenamed, content=("name", "was")),
    EventType("SavedViewAltered.v1", SavedViewAltered, content=("query", "filters")),
    EventType("SavedViewShared.v1", SavedViewShared),
    EventType("SavedViewDeleted.v1", SavedViewDeleted),
    EventType("SavedViewRestored.v1", SavedViewRestored),
    EventType("TrailExported.v1", TrailExported),
    EventType("TrailRead.v1", TrailRead),
    EventType("ChainsSummed.v1", ChainsSummed),
    EventType("SigningKeyChanged.v1", SigningKeyChanged),
    EventType("IncarnationDeclared.v1", IncarnationDeclared, identity=("by",)),
    EventType("LogInsFailed.v1", LogInsFailed),
    EventType("CommandsRefused.v1", CommandsRefused),
    EventType("ApiKeyUsed.v1", ApiKeyUsed),
    EventType("UserErased.v1", UserErased),
    EventType("ErasureAsked.v1", ErasureAsked, identity=("why",)),
    EventType("ErasureWithdrawn.v1", ErasureWithdrawn),
    EventType("ErasureApproved.v1", ErasureApproved, identity=("operator",)),
    EventType("ErasureCarriedOut.v1", ErasureCarriedOut),
    EventType("ErasureCompleted.v1", ErasureCompleted),
    EventType("HoldProposed.v1", HoldProposed, content=("why",)),
    EventType("HoldWithdrawn.v1", HoldWithdrawn),
    EventType("HoldSet.v1", HoldSet),
    EventType("HoldLiftProposed.v1", HoldLiftProposed),
    EventType("HoldKept.v1", HoldKept),
    EventType("HoldLifted.v1", HoldLifted),
    EventType("TaskPurgeHeld.v1", TaskPurgeHeld),
    EventType("TrailReviewed.v1", TrailReviewed, content=("note",)),
    EventType("ReviewScheduleChanged.v1", ReviewScheduleChanged),
)

UPCASTERS: tuple[Upcaster, ...] = ()
