"""Change what a project is called, how it is described and shown, whose it is and who sees it."""

from collections.abc import Mapping

from msgspec import UNSET, UnsetType

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import decisions, membership
from domain.project.events import (
    ProjectDescribed,
    ProjectEvent,
    ProjectMemberAdded,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectSettingsChanged,
    ProjectTeamAdded,
    ProjectTeamRemoved,
    ProjectViewTypeChanged,
)
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.values.text_rules import Problems
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProject:
    """What is left out stays; so do those of the settings that are left out."""

    project_id: str
    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    view_type: str | UnsetType = UNSET
    is_private: bool | UnsetType = UNSET
    owner_id: str | UnsetType = UNSET
    team_ids: tuple[str, ...] | UnsetType = UNSET
    settings: Mapping[str, object] | UnsetType = UNSET


async def edit_project(command: EditProject, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    problems = Problems()
    changes: list[ProjectEvent] = []
    if command.name is not UNSET:
        changes += problems.check((), decisions.rename, project, command.name, work.limits)
    if command.description is not UNSET:
        text = command.description or ""
        changes += problems.check((), decisions.describe, project, text, work.limits)
    if command.view_type is not UNSET:
        changes += problems.check((), decisions.change_view_type, project, command.view_type)
    if command.is_private is not UNSET:
        changes += problems.check((), decisions.change_privacy, project, command.is_private)
    if command.owner_id is not UNSET:
        changes += problems.check((), membership.change_owner, project, workspace, command.owner_id)
    if command.team_ids is not UNSET:
        changes += problems.check((), membership.change_teams, project, workspace, command.team_ids)
    if command.settings is not UNSET:
        changes += problems.check((), decisions.change_settings, project, command.settings)
    problems.raise_any()
    work.record(PROJECT, project.workspace_id, project.project_id, *changes)
    return project.project_id


EDIT_PROJECT = CommandSpec(
    command=EditProject,
    handler=edit_project,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(
        ProjectRenamed,
        ProjectDescribed,
        ProjectViewTypeChanged,
        ProjectPrivacyChanged,
        ProjectOwnerChanged,
        ProjectMemberAdded,
        ProjectMemberRoleChanged,
        ProjectTeamAdded,
        ProjectTeamRemoved,
        ProjectSettingsChanged,
    ),
    route="PATCH /projects/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
