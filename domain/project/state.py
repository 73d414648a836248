"""A project as its events leave it: who works in it, its workflow, its board and its fields."""

from collections.abc import Mapping
from datetime import datetime

from domain.aggregate import Aggregate
from domain.project.board import Column
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
from domain.project.fields import FieldDefinition
from domain.project.lanes import USUAL_SWIMLANE
from domain.project.types import DEFAULT_TYPES, TaskType
from domain.project.workflow import Workflow
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Text
from domain.workspace.state import Membership, with_role, without


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`members` are only those named in the project itself, the owner as an admin from the
    start, and `teams` those that it names, be they deleted since; what anybody may do here is
    `domain.workspace.roles.project_role`. `name_author` is who wrote its present name.
    `swimlane`: by what its columns' lanes are told apart, each of which may have a limit.
    `trash_days`: for how long what is in the trash is kept; None: until somebody purges it."""

    project_id: str
    workspace_id: str
    key: str
    name: Text
    description: Text
    view_type: str
    is_private: bool
    is_personal: bool
    owner_id: str
    members: Mapping[str, Membership]
    teams: Mapping[str, Membership]
    settings: Mapping[str, str]
    workflow: Workflow
    columns: tuple[Column, ...]
    fields: tuple[FieldDefinition, ...]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    name_author: str
    swimlane: str = USUAL_SWIMLANE
    types: tuple[TaskType, ...] = DEFAULT_TYPES
    trash_days: int | None = None

    @property
    def archived(self) -> bool:
        return self.archived_at is not None


def evolve(state: Project | None, event: object, stamp: Stamp) -> Project | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case ProjectRenamed():
            return touched(state, stamp, name=event.name, name_author=stamp.author_of("name"))
        case ProjectDescribed():
            return touched(state, stamp, description=event.description)
        case ProjectViewTypeChanged():
            return touched(state, stamp, view_type=event.view_type)
        case ProjectPrivacyChanged():
            return touched(state, stamp, is_private=event.is_private)
        case ProjectArchived():
            return touched(state, stamp, archived_at=stamp.at)
        case ProjectUnarchived():
            return touched(state, stamp, archived_at=None)
        case ProjectMemberAdded():
            joined = Membership(event.role, stamp.at, stamp.position)
            return touched(state, stamp, members={**state.members, event.user_id: joined})
        case ProjectMemberRoleChanged():
            return touched(
                state, stamp, members=with_role(state.members, event.user_id, event.role, stamp)
            )
        case ProjectMemberRemoved():
            return touched(state, stamp, members=without(state.members, event.user_id))
        case ProjectTeamAdded():
            named = Membership(event.role, stamp.at, stamp.position)
            return touched(state, stamp, teams={**state.teams, event.team_id: named})
        case ProjectTeamRoleChanged():
            teams = with_role(state.teams, event.team_id, event.role, stamp)
            return touched(state, stamp, teams=teams)
        case ProjectTeamRemoved():
            return touched(state, stamp, teams=without(state.teams, event.team_id))
        case ProjectOwnerChanged():
            return touched(state, stamp, owner_id=event.owner_id)
        case ProjectSettingsChanged():
            settings = {**state.settings, **event.settings}
            kept = {key: value for key, value in settings.items() if value is not None}
            return touched(state, stamp, settings=kept)
        case ProjectWorkflowChanged():
            return touched(state, stamp, workflow=event.workflow, columns=event.columns)
        case ProjectColumnsChanged():
            return touched(state, stamp, columns=event.columns)
        case ProjectSwimlaneChanged():
            return touched(state, stamp, swimlane=event.swimlane)
        case ProjectFieldsChanged():
            return touched(state, stamp, fields=event.fields)
        case ProjectTypesChanged():
            return touched(state, stamp, types=event.types)
        case ProjectRetentionChanged():
            return touched(state, stamp, trash_days=event.trash_days)
        case _:
            return touched(state, stamp)


def _begin(event: object, stamp: Stamp) -> Project | None:
    if not isinstance(event, ProjectCreated):
        return None
    return Project(
        project_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        key=event.key,
        name=event.name,
        description=event.description,
        view_type=event.view_type,
        is_private=event.is_private,
        is_personal=event.is_personal,
        owner_id=event.owner_id,
        members={event.owner_id: Membership("admin", stamp.at, stamp.position)},
        teams={},
        settings={},
        workflow=event.workflow,
        columns=event.columns,
        fields=(),
        archived_at=None,
        created_at=stamp.at,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
        name_author=stamp.author_of("name"),
        types=event.types,
    )


_CHANGES_ACCESS = (
    ProjectCreated,
    ProjectArchived,
    ProjectUnarchived,
    ProjectPrivacyChanged,
    ProjectMemberAdded,
    ProjectMemberRoleChanged,
    ProjectMemberRemoved,
    ProjectTeamAdded,
    ProjectTeamRoleChanged,
    ProjectTeamRemoved,
)


def touches(state: Project | None, event: object, workspace_id: str) -> tuple[str, ...]:
    return (f"access:{workspace_id}",) if isinstance(event, _CHANGES_ACCESS) else ()


def authors(state: Project | None, event: object) -> Mapping[str, str]:
    if state is not None and isinstance(event, ProjectRenamed):
        return {"was": state.name_author}
    return {}


def key_scope(workspace_id: str) -> str:
    """Within which the key of a project is unique."""
    return f"project-key:{workspace_id}"


def task_numbers(project_id: str) -> str:
    """The sequence that a project's tasks draw their numbers from."""
    return f"task-number:{project_id}"


PROJECT = Aggregate("proj", evolve, touches, authors)
