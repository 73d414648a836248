"""What feeds say of projects."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

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
from domain.project.workflow import Workflow

from .entries import (
    Change,
    Said,
    Says,
    member_added,
    member_changed,
    member_removed,
    owner_changed,
    says,
)

ACTIONS = (
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
    "retention_changed",
    "task_moved_away",
)


class TeamRole(msgspec.Struct, frozen=True):
    """Which team a project names, named or names no longer, and as what."""

    team_id: str
    role: str


def _team_added(event: ProjectTeamAdded) -> Sequence[Said]:
    return (Said("project_team_added", Change("team", None, TeamRole(event.team_id, event.role))),)


def _team_role_changed(event: ProjectTeamRoleChanged) -> Sequence[Said]:
    before, after = (TeamRole(event.team_id, role) for role in (event.was, event.role))
    return (Said("project_team_role_changed", Change("team", before, after)),)


def _team_removed(event: ProjectTeamRemoved) -> Sequence[Said]:
    return (Said("project_team_removed", Change("team", TeamRole(event.team_id, event.was), None)),)


def _settings_changed(event: ProjectSettingsChanged) -> Sequence[Said]:
    return [
        Said("settings_changed", Change(f"settings.{key}", event.was.get(key), value))
        for key, value in event.settings.items()
    ]


def _workflow_changed(event: ProjectWorkflowChanged) -> Sequence[Said]:
    change = Change("workflow", _outline(event.was), _outline(event.workflow))
    return (Said("workflow_changed", change),)


def _outline(workflow: Workflow) -> dict[str, Any]:
    return {
        "initial": workflow.initial,
        "statuses": [status.key for status in workflow.statuses],
        "transitions": len(workflow.transitions),
    }


def _columns_changed(event: ProjectColumnsChanged) -> Sequence[Said]:
    before, after = [[column.name for column in each] for each in (event.was, event.columns)]
    return (Said("columns_changed", Change("columns", before, after)),)


def _project_fields_changed(event: ProjectFieldsChanged) -> Sequence[Said]:
    before, after = [[field.key for field in each] for each in (event.was, event.fields)]
    return (Said("fields_changed", Change("fields", before, after)),)


def _types_changed(event: ProjectTypesChanged) -> Sequence[Said]:
    before, after = [[each.key for each in types] for types in (event.was, event.types)]
    return (Said("types_changed", Change("types", before, after)),)


def _archived(action: str, archived: bool) -> Says:
    said = (Said(action, Change("archived", not archived, archived)),)
    return lambda event: said


EVENTS: Mapping[type, Says] = {
    ProjectCreated: says("project_created", "name", None, "name"),
    ProjectRenamed: says("project_renamed", "name", "was", "name"),
    ProjectDescribed: says("project_described", "description", None, "description"),
    ProjectViewTypeChanged: says("view_type_changed", "view_type", "was", "view_type"),
    ProjectPrivacyChanged: says("privacy_changed", "is_private", "was", "is_private"),
    ProjectArchived: _archived("project_archived", True),
    ProjectUnarchived: _archived("project_unarchived", False),
    ProjectMemberAdded: member_added("project_member_added"),
    ProjectMemberRoleChanged: member_changed("project_member_role_changed"),
    ProjectMemberRemoved: member_removed("project_member_removed"),
    ProjectTeamAdded: _team_added,
    ProjectTeamRoleChanged: _team_role_changed,
    ProjectTeamRemoved: _team_removed,
    ProjectOwnerChanged: owner_changed("owner_changed"),
    ProjectSettingsChanged: _settings_changed,
    ProjectWorkflowChanged: _workflow_changed,
    ProjectColumnsChanged: _columns_changed,
    ProjectSwimlaneChanged: says("swimlane_changed", "swimlane", "was", "swimlane"),
    ProjectFieldsChanged: _project_fields_changed,
    ProjectTypesChanged: _types_changed,
    ProjectRetentionChanged: says("retention_changed", "trash_days", "was", "trash_days"),
}
