"""Activity: what happened to each task, project and workspace, one entry for each changed field.

Actions, a fixed list that only ever grows, by the kind of thing that they happen to:

- task: `task_created`, `title_changed`, `description_changed`, `assigned`, `unassigned`,
  `status_changed`, `priority_changed`, `due_date_changed`, `start_date_changed`,
  `estimate_changed`, `type_changed`, `tags_changed`, `field_changed`, `moved`,
  `project_changed`, `parent_changed`, `task_trashed`, `task_restored`, `record_imported`,
  `dependency_added`, `dependency_removed`, `task_blocked`, `task_unblocked`
- comment: `commented`, `comment_edited`, `comment_deleted`, `comment_restored`, `reaction_added`,
  `reaction_removed`
- recurrence: `recurrence_started`, `recurrence_changed`, `recurrence_ended`,
  `recurrence_resumed`, `occurrence_made`, `occurrence_withdrawn`
- project: `project_created`, `project_renamed`, `project_described`, `view_type_changed`,
  `privacy_changed`, `project_archived`, `project_unarchived`, `project_member_added`,
  `project_member_role_changed`, `project_member_removed`, `project_team_added`,
  `project_team_role_changed`, `project_team_removed`, `owner_changed`, `settings_changed`,
  `workflow_changed`, `columns_changed`, `swimlane_changed`, `fields_changed`, `types_changed`,
  `task_moved_away`
- label: `label_created`, `label_renamed`, `label_recoloured`, `label_deleted`, `label_merged`,
  `label_restored`
- account: `api_key_made`, `api_key_revoked`
- workspace: `workspace_created`, `workspace_renamed`, `member_added`, `member_role_changed`,
  `member_removed`, `member_invited`, `invitation_renewed`, `invitation_revoked`,
  `invitation_accepted`, `member_suspended`, `member_reactivated`, `tasks_handed_over`,
  `workspace_closed`, `workspace_reopened`, `service_account_added`, `ownership_transferred`,
  `team_created`, `team_renamed`, `team_deleted`, `team_member_added`, `team_member_removed`
- template: `template_created`, `template_changed`, `template_deleted`, `template_restored`

A change's values have the form that its field has in the answer of the thing itself, people
included; long texts are cut (the whole text stands in the event). Entries follow the log, the
newest first; of one event with several fields, the first field comes first.

What happens to nobody's notice has no entry: a card that gets another rank in the same place.

A task that moved to another project takes what may be seen of it along: an entry about it stays in
the feed of the project where it happened, for those who may see where the task is now.

A dependency is an entry of each of its two tasks, by what it is to that task, and so nothing is
said of the workspace's graph of them itself. `because_of` are the tasks that blocked or freed one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
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
from domain.project.workflow import Workflow
from domain.reactions.events import ReactionAdded, ReactionRemoved
from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)
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
    TaskRecordImported,
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
)
from domain.user.events import ApiKeyMade, ApiKeyRevoked
from domain.values.priority import band_of
from domain.values.recorded import Recorded
from domain.values.text import Erased, Text
from domain.workspace.events import (
    ServiceAccountAdded,
    TeamCreated,
    TeamDeleted,
    TeamMemberAdded,
    TeamMemberRemoved,
    TeamRenamed,
    WorkspaceClosed,
    WorkspaceCreated,
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

from .labels import held
from .other_tasks import TaskMark, task_marks
from .people import Mark, Named, named
from .projection import Projection, Rows, Table, drawn_by
from .tasks import number
from .typeids import entry_id

_MOST_CHARACTERS = 5_000
_MOST_ATTRIBUTES = 50
_MOST_ATTRIBUTE_CHARACTERS = 200


class Change(msgspec.Struct, frozen=True, gc=False):
    field: str
    old_value: Any
    new_value: Any


class Member(msgspec.Struct, frozen=True):
    """Who became, was or no longer is a member, and as what."""

    user_id: str
    name: Mark
    role: str


class TeamMember(msgspec.Struct, frozen=True):
    """Who came into, was in or no longer is in a team."""

    user_id: str
    name: Mark
    team_id: str


class TeamRole(msgspec.Struct, frozen=True):
    """Which team a project names, named or names no longer, and as what."""

    team_id: str
    role: str


class Invited(msgspec.Struct, frozen=True):
    """An invitation, without the address that it went to."""

    invitation_id: str
    role: str


class ImportedRecord(msgspec.Struct, frozen=True):
    """What an imported record said beside its status, in short."""

    source: str
    ordinal: int
    activity: str | None
    lifecycle: str | None
    resource: Named | None
    attributes: Mapping[str, Any] | None


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An entry as feeds show it; what does not apply is left out."""

    id: str
    activity_id: str
    task_id: str | None
    entity_type: str
    entity_id: str
    actor: Named
    action: str
    changes: Change | msgspec.UnsetType = msgspec.UNSET
    record: ImportedRecord | msgspec.UnsetType = msgspec.UNSET
    because_of: list[TaskMark] | msgspec.UnsetType = msgspec.UNSET
    command_id: str
    reason: str | msgspec.UnsetType = msgspec.UNSET
    caused_by: str | msgspec.UnsetType = msgspec.UNSET
    timestamp: datetime
    occurred_at: datetime | msgspec.UnsetType = msgspec.UNSET
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """What entries of a feed have in common; an empty field asks nothing. `since` and `until`
    compare with the time of recording and are inclusive."""

    task_id: str | None = None
    project_id: str | None = None
    workspace_id: str | None = None
    actor_ids: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class EntryRow:
    workspace_id: str
    position: int
    ordinal: int
    project_id: str | None
    task_id: str | None
    actor_id: str
    action: str
    recorded_at: datetime
    doc: bytes


@dataclass(slots=True)
class SubjectRow:
    """What an entry about a task must know beyond its event. `description` is cut."""

    task_id: str
    workspace_id: str
    project_id: str
    description: str | None


@dataclass(slots=True)
class MovedRow:
    """Where a task is that has moved to another project: whoever may see that may see what
    happened to it before."""

    task_id: str
    workspace_id: str
    project_id: str


ENTRIES = Table(
    "entries",
    EntryRow,
    {
        "workspace_id": "text",
        "position": "bigint",
        "ordinal": "smallint",
        "project_id": "text",
        "task_id": "text",
        "actor_id": "text",
        "action": "text",
        "recorded_at": "timestamptz",
        "doc": "bytea",
    },
    key=("workspace_id", "position", "ordinal"),
    indexes=(
        "(task_id, position, ordinal) WHERE task_id IS NOT NULL",
        "(project_id, position, ordinal) WHERE project_id IS NOT NULL",
        "(actor_id, position, ordinal)",
    ),
)
SUBJECTS = Table(
    "subjects",
    SubjectRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text", "description": "text"},
    key=("task_id",),
    fillfactor=90,
)

MOVED = Table(
    "moved",
    MovedRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text"},
    key=("task_id",),
)
# The field of the answer, where the relation has one, else the relation itself.
_RELATED = {
    "blocks": "blocking",
    "blocked_by": "blocked_by",
    "relates": "relates",
    "duplicates": "duplicates",
    "duplicated_by": "duplicated_by",
}

_json = msgspec.json.Encoder()


class _Said(NamedTuple):
    """One entry before it is written: the action, and the field with its values."""

    action: str
    changes: Change | msgspec.UnsetType = msgspec.UNSET
    record: ImportedRecord | msgspec.UnsetType = msgspec.UNSET
    because_of: list[TaskMark] | msgspec.UnsetType = msgspec.UNSET


_Says = Callable[[Any], Sequence[_Said]]


def _says(action: str, field: str, old: str | None, new: str | None) -> _Says:
    """One entry whose values are attributes of the event; None stands for no value."""

    def say(event: Any) -> Sequence[_Said]:
        before = getattr(event, old) if old else None
        after = getattr(event, new) if new else None
        return (_Said(action, Change(field, _value(before), _value(after))),)

    return say


def _tagged(workspace_id: str) -> _Says:
    return lambda event: (
        _Said(
            "tags_changed",
            Change("tags", held(workspace_id, event.was), held(workspace_id, event.tags)),
        ),
    )


def _says_only(action: str) -> _Says:
    said = (_Said(action),)
    return lambda event: said


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _MOST_CHARACTERS else value[:_MOST_CHARACTERS] + "…"
    return None if isinstance(value, Erased) else value


def _assigned(event: TaskAssigned) -> Sequence[_Said]:
    before, after = [[named(each) for each in ids] for ids in (event.was, event.assignee_ids)]
    action = "assigned" if after else "unassigned"
    return (_Said(action, Change("assignees", before, after)),)


def _prioritised(event: TaskPrioritised) -> Sequence[_Said]:
    """By the band's name where the band changed, else by level."""
    before, after = band_of(event.was), band_of(event.priority)
    if before != after:
        change = Change("priority", before, after)
    else:
        change = Change("priority_level", event.was, event.priority)
    return (_Said("priority_changed", change),)


def _estimated(event: TaskEstimateChanged) -> Sequence[_Said]:
    change = Change("estimate", number(event.was), number(event.estimate))
    return (_Said("estimate_changed", change),)


def _fields_changed(event: TaskFieldsChanged) -> Sequence[_Said]:
    if isinstance(event.fields, Erased):
        return (_Said("field_changed", Change("fields", None, None)),)
    was = {} if isinstance(event.was, Erased) else event.was
    return [
        _Said("field_changed", Change(f"fields.{key}", _value(was.get(key)), _value(value)))
        for key, value in event.fields.items()
    ]


def _record_imported(event: TaskRecordImported) -> Sequence[_Said]:
    record = ImportedRecord(
        event.source,
        event.ordinal,
        event.activity,
        event.lifecycle,
        named(event.resource_id) if event.resource_id else None,
        None if isinstance(event.attributes, Erased) else _in_short(event.attributes),
    )
    return (_Said("record_imported", Change("status", event.was, event.status), record),)


def _in_short(attributes: Mapping[str, object]) -> Mapping[str, Any]:
    """The first attributes; what is not a plain value as text, and no text long."""
    first = list(attributes.items())[:_MOST_ATTRIBUTES]
    return {key: _plain(value) for key, value in first}


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float | datetime):
        return value
    text = value if isinstance(value, str) else _json.encode(value).decode()
    return text[:_MOST_ATTRIBUTE_CHARACTERS]


def _dependency_added(event: TaskDependencyAdded) -> Sequence[_Said]:
    change = Change(_RELATED[event.relation], None, TaskMark(event.task_id))
    return (_Said("dependency_added", change),)


def _dependency_removed(event: TaskDependencyRemoved) -> Sequence[_Said]:
    change = Change(_RELATED[event.relation], TaskMark(event.task_id), None)
    return (_Said("dependency_removed", change),)


def _blocked(event: TaskBlocked) -> Sequence[_Said]:
    change = Change("is_blocked", False, True)
    return (_Said("task_blocked", change, because_of=task_marks(event.blocked_by)),)


def _unblocked(event: TaskUnblocked) -> Sequence[_Said]:
    change = Change("is_blocked", True, False)
    return (_Said("task_unblocked", change, because_of=task_marks(event.freed_by)),)


def _member(user_id: str, role: str) -> Member:
    return Member(user_id, Mark(user_id), role)


def _member_added(action: str) -> _Says:
    return lambda event: (
        _Said(action, Change("member", None, _member(event.user_id, event.role))),
    )


def _member_changed(action: str) -> _Says:
    def say(event: Any) -> Sequence[_Said]:
        before, after = (_member(event.user_id, role) for role in (event.was, event.role))
        return (_Said(action, Change("member", before, after)),)

    return say


def _member_removed(action: str) -> _Says:
    return lambda event: (_Said(action, Change("member", _member(event.user_id, event.was), None)),)


def _team_member(event: TeamMemberAdded | TeamMemberRemoved) -> TeamMember:
    return TeamMember(event.user_id, Mark(event.user_id), event.team_id)


def _team_member_added(event: TeamMemberAdded) -> Sequence[_Said]:
    return (_Said("team_member_added", Change("member", None, _team_member(event))),)


def _team_member_removed(event: TeamMemberRemoved) -> Sequence[_Said]:
    return (_Said("team_member_removed", Change("member", _team_member(event), None)),)


def _team_added(event: ProjectTeamAdded) -> Sequence[_Said]:
    return (_Said("project_team_added", Change("team", None, TeamRole(event.team_id, event.role))),)


def _team_role_changed(event: ProjectTeamRoleChanged) -> Sequence[_Said]:
    before, after = (TeamRole(event.team_id, role) for role in (event.was, event.role))
    return (_Said("project_team_role_changed", Change("team", before, after)),)


def _team_removed(event: ProjectTeamRemoved) -> Sequence[_Said]:
    return (
        _Said("project_team_removed", Change("team", TeamRole(event.team_id, event.was), None)),
    )


def _owner_changed(action: str) -> _Says:
    return lambda event: (_Said(action, Change("owner", named(event.was), named(event.owner_id))),)


def _settings_changed(event: ProjectSettingsChanged) -> Sequence[_Said]:
    return [
        _Said("settings_changed", Change(f"settings.{key}", event.was.get(key), value))
        for key, value in event.settings.items()
    ]


def _invitation(action: str, *, had: bool = False, has: bool = False) -> _Says:
    """The address is nobody's business here: only those who invite may see it."""

    def say(event: Any) -> Sequence[_Said]:
        said = Invited(event.invitation_id, event.role)
        return (_Said(action, Change("invitation", said if had else None, said if has else None)),)

    return say


def _suspended(action: str, suspended: bool) -> _Says:
    def say(event: Any) -> Sequence[_Said]:
        member = _member(event.user_id, event.role)
        before, after = (member, None) if suspended else (None, member)
        return (_Said(action, Change("member", before, after)),)

    return say


def _handed_over(event: WorkspaceTasksHandedOver) -> Sequence[_Said]:
    change = Change("assignee", named(event.user_id), named(event.to))
    return (_Said("tasks_handed_over", change),)


def _closed(action: str, closed: bool) -> _Says:
    said = (_Said(action, Change("closed", not closed, closed)),)
    return lambda event: said


def _workflow_changed(event: ProjectWorkflowChanged) -> Sequence[_Said]:
    change = Change("workflow", _outline(event.was), _outline(event.workflow))
    return (_Said("workflow_changed", change),)


def _outline(workflow: Workflow) -> dict[str, Any]:
    return {
        "initial": workflow.initial,
        "statuses": [status.key for status in workflow.statuses],
        "transitions": len(workflow.transitions),
    }


def _columns_changed(event: ProjectColumnsChanged) -> Sequence[_Said]:
    before, after = [[column.name for column in each] for each in (event.was, event.columns)]
    return (_Said("columns_changed", Change("columns", before, after)),)


def _project_fields_changed(event: ProjectFieldsChanged) -> Sequence[_Said]:
    before, after = [[field.key for field in each] for each in (event.was, event.fields)]
    return (_Said("fields_changed", Change("fields", before, after)),)


def _types_changed(event: ProjectTypesChanged) -> Sequence[_Said]:
    before, after = [[each.key for each in types] for types in (event.was, event.types)]
    return (_Said("types_changed", Change("types", before, after)),)


def _archived(action: str, archived: bool) -> _Says:
    said = (_Said(action, Change("archived", not archived, archived)),)
    return lambda event: said


_TASK_EVENTS: Mapping[type, _Says] = {
    TaskRetitled: _says("title_changed", "title", "was", "title"),
    TaskAssigned: _assigned,
    TaskStatusChanged: _says("status_changed", "status", "was", "status"),
    TaskPrioritised: _prioritised,
    TaskDueDateChanged: _says("due_date_changed", "due_date", "was", "due_date"),
    TaskStartDateChanged: _says("start_date_changed", "start_date", "was", "start_date"),
    TaskEstimateChanged: _estimated,
    TaskTypeChanged: _says("type_changed", "type", "was", "type"),
    TaskTagged: _says("tags_changed", "tags", "was", "tags"),
    TaskFieldsChanged: _fields_changed,
    TaskRanked: _says("moved", "rank", "was", "rank"),
    TaskParentChanged: _says("parent_changed", "parent_task_id", "was", "parent_task_id"),
    TaskTrashed: _says_only("task_trashed"),
    TaskRestored: _says_only("task_restored"),
    TaskRecordImported: _record_imported,
    TaskDependencyAdded: _dependency_added,
    TaskDependencyRemoved: _dependency_removed,
    TaskBlocked: _blocked,
    TaskUnblocked: _unblocked,
    TaskMadeRecurring: lambda event: (),  # the series itself says so in the same commit
}
_COMMENT_EVENTS: Mapping[type, _Says] = {
    CommentAdded: _says("commented", "comment", None, "text"),
    CommentEdited: _says("comment_edited", "comment", "was", "text"),
    CommentDeleted: _says_only("comment_deleted"),
    CommentRestored: _says_only("comment_restored"),
    ReactionAdded: _says("reaction_added", "reaction", None, "emoji"),
    ReactionRemoved: _says("reaction_removed", "reaction", "emoji", None),
}
_RECURRENCE_EVENTS: Mapping[type, _Says] = {
    RecurrenceStarted: _says("recurrence_started", "rule", None, "rule"),
    RecurrenceChanged: _says("recurrence_changed", "rule", "was_rule", "rule"),
    RecurrenceEnded: _says("recurrence_ended", "ended", None, "reason"),
    RecurrenceResumed: _says("recurrence_resumed", "ended", "was", None),
    OccurrenceMade: _says("occurrence_made", "task_id", "was", "task_id"),
    OccurrenceWithdrawn: _says("occurrence_withdrawn", "task_id", "was", "task_id"),
}
_PROJECT_EVENTS: Mapping[type, _Says] = {
    ProjectCreated: _says("project_created", "name", None, "name"),
    ProjectRenamed: _says("project_renamed", "name", "was", "name"),
    ProjectDescribed: _says("project_described", "description", None, "description"),
    ProjectViewTypeChanged: _says("view_type_changed", "view_type", "was", "view_type"),
    ProjectPrivacyChanged: _says("privacy_changed", "is_private", "was", "is_private"),
    ProjectArchived: _archived("project_archived", True),
    ProjectUnarchived: _archived("project_unarchived", False),
    ProjectMemberAdded: _member_added("project_member_added"),
    ProjectMemberRoleChanged: _member_changed("project_member_role_changed"),
    ProjectMemberRemoved: _member_removed("project_member_removed"),
    ProjectTeamAdded: _team_added,
    ProjectTeamRoleChanged: _team_role_changed,
    ProjectTeamRemoved: _team_removed,
    ProjectOwnerChanged: _owner_changed("owner_changed"),
    ProjectSettingsChanged: _settings_changed,
    ProjectWorkflowChanged: _workflow_changed,
    ProjectColumnsChanged: _columns_changed,
    ProjectSwimlaneChanged: _says("swimlane_changed", "swimlane", "was", "swimlane"),
    ProjectFieldsChanged: _project_fields_changed,
    ProjectTypesChanged: _types_changed,
}
_LABEL_EVENTS: Mapping[type, _Says] = {
    LabelCreated: _says("label_created", "label", None, "name"),
    LabelRenamed: _says("label_renamed", "label", "was", "name"),
    LabelRecoloured: _says("label_recoloured", "colour", "was", "colour"),
    LabelDeleted: _says("label_deleted", "label", "name", None),
    LabelMerged: _says("label_merged", "label", "name", "into_name"),
    LabelRestored: _says("label_restored", "label", None, "name"),
}
_ACCOUNT_EVENTS: Mapping[type, _Says] = {
    ApiKeyMade: _says("api_key_made", "api_key", None, "name"),
    ApiKeyRevoked: _says("api_key_revoked", "api_key", "was", None),
}
_WORKSPACE_EVENTS: Mapping[type, _Says] = {
    WorkspaceCreated: _says("workspace_created", "name", None, "name"),
    # What templates are called is for those who may make projects; the feed is for guests too.
    TemplateCreated: _says_only("template_created"),
    TemplateRenamed: _says_only("template_changed"),
    TemplateEmptied: _says_only("template_changed"),
    TemplateDeleted: _says_only("template_deleted"),
    TemplateRestored: _says_only("template_restored"),
    WorkspaceRenamed: _says("workspace_renamed", "name", "was", "name"),
    WorkspaceMemberAdded: _member_added("member_added"),
    ServiceAccountAdded: _member_added("service_account_added"),
    WorkspaceMemberRoleChanged: _member_changed("member_role_changed"),
    WorkspaceMemberRemoved: _member_removed("member_removed"),
    WorkspaceMemberInvited: _invitation("member_invited", has=True),
    WorkspaceInvitationRenewed: _invitation("invitation_renewed", had=True, has=True),
    WorkspaceInvitationRevoked: _invitation("invitation_revoked", had=True),
    WorkspaceInvitationAccepted: _invitation("invitation_accepted", had=True),
    WorkspaceMemberSuspended: _suspended("member_suspended", True),
    WorkspaceMemberReactivated: _suspended("member_reactivated", False),
    WorkspaceTasksHandedOver: _handed_over,
    WorkspaceClosed: _closed("workspace_closed", True),
    WorkspaceReopened: _closed("workspace_reopened", False),
    WorkspaceTransferred: _owner_changed("ownership_transferred"),
    TeamCreated: _says("team_created", "team", None, "name"),
    TeamRenamed: _says("team_renamed", "team", "was", "name"),
    TeamDeleted: _says("team_deleted", "team", "was", None),
    TeamMemberAdded: _team_member_added,
    TeamMemberRemoved: _team_member_removed,
}

ACTIONS = (
    "task_created",
    "title_changed",
    "description_changed",
    "assigned",
    "unassigned",
    "status_changed",
    "priority_changed",
    "due_date_changed",
    "start_date_changed",
    "estimate_changed",
    "type_changed",
    "tags_changed",
    "field_changed",
    "moved",
    "project_changed",
    "parent_changed",
    "task_trashed",
    "task_restored",
    "record_imported",
    "dependency_added",
    "dependency_removed",
    "task_blocked",
    "task_unblocked",
    "recurrence_started",
    "recurrence_changed",
    "recurrence_ended",
    "recurrence_resumed",
    "occurrence_made",
    "occurrence_withdrawn",
    "commented",
    "comment_edited",
    "comment_deleted",
    "comment_restored",
    "reaction_added",
    "reaction_removed",
    "project_created",
    "project_renamed",
    "project_described",
    "view_type_changed",
    "privacy_changed",
    "project_archived",
    "project_unarchived",
    "project_member_added",
    "project_member_role_changed",
    "project_member_removed",
    "project_team_added",
    "project_team_role_changed",
    "project_team_removed",
    "owner_changed",
    "settings_changed",
    "workflow_changed",
    "columns_changed",
    "swimlane_changed",
    "fields_changed",
    "types_changed",
    "task_moved_away",
    "label_created",
    "label_renamed",
    "label_recoloured",
    "label_deleted",
    "label_merged",
    "label_restored",
    "api_key_made",
    "api_key_revoked",
    "workspace_created",
    "workspace_renamed",
    "template_created",
    "template_changed",
    "template_deleted",
    "template_restored",
    "member_added",
    "member_role_changed",
    "member_removed",
    "member_invited",
    "invitation_renewed",
    "invitation_revoked",
    "invitation_accepted",
    "member_suspended",
    "member_reactivated",
    "tasks_handed_over",
    "workspace_closed",
    "workspace_reopened",
    "service_account_added",
    "ownership_transferred",
    "team_created",
    "team_renamed",
    "team_deleted",
    "team_member_added",
    "team_member_removed",
)


def _created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    task_id = recorded.stamp.stream
    rows.put(
        "subjects",
        SubjectRow(
            task_id, recorded.stamp.workspace_id, event.project_id, _text(event.description)
        ),
    )
    said = _Said("task_created", Change("title", None, _text(event.title)))
    _write((said,), recorded, rows, "task", task_id, event.project_id)


def _described(recorded: Recorded, rows: Rows) -> None:
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is None:
        return
    before, after = subject.description, _text(recorded.event.description)
    subject.description = after
    rows.put("subjects", subject)
    said = _Said("description_changed", Change("description", before, after))
    _write((said,), recorded, rows, "task", subject.task_id, subject.project_id)


def _task_changed(recorded: Recorded, rows: Rows) -> None:
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is None:
        # Without its project nobody could tell who may see this. It comes with the healing of
        # its stream, whose first event is missing here.
        return
    says = _TASK_EVENTS[type(recorded.event)]
    if isinstance(recorded.event, TaskTagged):
        says = _tagged(recorded.stamp.workspace_id)
    _write(says(recorded.event), recorded, rows, "task", subject.task_id, subject.project_id)


def _moved_to_project(recorded: Recorded, rows: Rows) -> None:
    """Two entries: that the task is here now, in the project that it came to; that it is gone,
    in the one that it left, which tells nothing of where to."""
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is None:
        return
    event: TaskMovedToProject = recorded.event
    stamp, task_id = recorded.stamp, subject.task_id
    former = f"{event.was_project_key}-{event.was_number}"
    subject.project_id = event.project_id
    rows.put("subjects", subject)
    rows.put("moved", MovedRow(task_id, stamp.workspace_id, event.project_id))
    came = _Said(
        "project_changed", Change("key", former, f"{event.project_key}-{drawn_by(recorded)}")
    )
    _write((came,), recorded, rows, "task", task_id, event.project_id)
    went = _Said("task_moved_away", Change("key", former, None))
    _write(
        (went,),
        recorded,
        rows,
        "project",
        None,
        event.was_project_id,
        entity_id=event.was_project_id,
        first_ordinal=1,
    )


def _recurrence_changed(recorded: Recorded, rows: Rows) -> None:
    """Shown with the task that it is about, which is the last of the series."""
    subject: SubjectRow | None = rows.get("subjects", recorded.event.task_id)
    if subject is not None:
        said = _RECURRENCE_EVENTS[type(recorded.event)](recorded.event)
        _write(said, recorded, rows, "recurrence", subject.task_id, subject.project_id)


def _commented(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    says = _COMMENT_EVENTS[type(event)]
    comment_id = getattr(event, "comment_id", None)
    _write(says(event), recorded, rows, "comment", event.task_id, event.project_id, comment_id)


def _project_changed(recorded: Recorded, rows: Rows) -> None:
    says = _PROJECT_EVENTS[type(recorded.event)]
    _write(says(recorded.event), recorded, rows, "project", None, recorded.stamp.stream)


def _label_changed(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    _write(_LABEL_EVENTS[type(event)](event), recorded, rows, "label", None, None, event.label_id)


def _workspace_changed(recorded: Recorded, rows: Rows) -> None:
    says = _WORKSPACE_EVENTS[type(recorded.event)]
    _write(says(recorded.event), recorded, rows, "workspace", None, None)


def _account_changed(recorded: Recorded, rows: Rows) -> None:
    """Of a key that is for one workspace, that workspace hears."""
    event: ApiKeyMade | ApiKeyRevoked = recorded.event
    said = _ACCOUNT_EVENTS[type(event)](event)
    _write(said, recorded, rows, "user", None, None, workspace_id=event.workspace_id)


def _text(text: Text) -> str | None:
    value: str | None = _value(text)
    return value


def _write(
    said: Sequence[_Said],
    recorded: Recorded,
    rows: Rows,
    entity_type: str,
    task_id: str | None,
    project_id: str | None,
    entity_id: str | None = None,
    first_ordinal: int = 0,
    workspace_id: str | None = None,
) -> None:
    """`entity_id`: what it happened to, where that is not the event's own stream; in the same way
    `workspace_id`: whose feed it belongs to."""
    stamp, origin = recorded.stamp, recorded.origin
    actor = named(stamp.actor)
    # Of two entries the one with the higher ordinal is shown first.
    for ordinal, (action, changes, record, because_of) in enumerate(reversed(said), first_ordinal):
        activity_id = entry_id("act", stamp.recorded_at, stamp.position, ordinal)
        entry = Entry(
            id=activity_id,
            activity_id=activity_id,
            task_id=task_id,
            entity_type=entity_type,
            entity_id=entity_id or stamp.stream,
            actor=actor,
            action=action,
            changes=changes,
            record=record,
            because_of=because_of,
            command_id=recorded.command_id,
            reason=origin.reason if isinstance(origin.reason, str) else msgspec.UNSET,
            caused_by=origin.causation_id or msgspec.UNSET,
            timestamp=stamp.recorded_at,
            occurred_at=stamp.occurred_at or msgspec.UNSET,
            position=stamp.position,
        )
        rows.put(
            "entries",
            EntryRow(
                workspace_id or stamp.workspace_id,
                stamp.position,
                ordinal,
                project_id,
                task_id,
                stamp.actor,
                action,
                stamp.recorded_at,
                _json.encode(entry),
            ),
        )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = type(recorded.event)
    if event in _TASK_EVENTS or event in (TaskDescribed, TaskMovedToProject):
        return (("subjects", recorded.stamp.stream),)
    if event in _RECURRENCE_EVENTS:
        return (("subjects", recorded.event.task_id),)
    return ()


ACTIVITY_VIEW = Projection(
    name="activity",
    version=2,
    tables=(ENTRIES, SUBJECTS, MOVED),
    folds={
        TaskCreated: _created,
        TaskDescribed: _described,
        **dict.fromkeys(_TASK_EVENTS, _task_changed),
        **dict.fromkeys(_COMMENT_EVENTS, _commented),
        TaskMovedToProject: _moved_to_project,
        **dict.fromkeys(_RECURRENCE_EVENTS, _recurrence_changed),
        **dict.fromkeys(_PROJECT_EVENTS, _project_changed),
        **dict.fromkeys(_LABEL_EVENTS, _label_changed),
        **dict.fromkeys(_ACCOUNT_EVENTS, _account_changed),
        **dict.fromkeys(_WORKSPACE_EVENTS, _workspace_changed),
    },
    reads=_reads,
)
