"""Projects: each one's answer, and those of its workflow, its columns and its custom fields."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

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
from domain.project.fields import FieldDefinition, FieldValue
from domain.project.state import Project, evolve
from domain.project.workflow import Guard, Transition
from domain.values.evolved import evolved
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from domain.values.text import readable
from domain.workspace.events import TeamDeleted
from domain.workspace.state import without

from .people import Person, person
from .projection import Projection, Rows, Scan, Table
from .states import StateCodec
from .task_questions import Sort, SortBy
from .titles import title_key

SORTS = (SortBy.CREATED_AT, SortBy.UPDATED_AT, SortBy.TITLE, SortBy.KEY)
USUAL_SORT = Sort(SortBy.CREATED_AT, descending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFilter:
    """What projects of a list have in common; `archived` None: both kinds."""

    archived: bool | None = False
    keys: tuple[str, ...] = ()


class TypeAnswer(msgspec.Struct, frozen=True):
    """A type of tasks."""

    key: str
    name: str
    colour: str | None
    icon: str | None


class ProjectAnswer(msgspec.Struct, frozen=True):
    """A project as `GET /projects/{id}` shows it."""

    id: str
    project_id: str
    key: str
    workspace_id: str
    name: str | None
    description: str | None
    view_type: str
    is_private: bool
    is_personal: bool
    owner: Person
    owner_id: str
    team_ids: tuple[str, ...]
    settings: Mapping[str, str]
    types: Sequence[TypeAnswer]
    archived: bool
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class StatusAnswer(msgspec.Struct, frozen=True):
    key: str
    name: str
    category: str
    colour: str | None


class TransitionAnswer(msgspec.Struct, frozen=True):
    from_: str = msgspec.field(name="from")
    to: str
    guards: Sequence[Mapping[str, Any]]


class WorkflowAnswer(msgspec.Struct, frozen=True):
    """A workflow as `GET /projects/{id}/workflow` shows it. `any_move`: besides the
    transitions listed, every status may follow every other."""

    id: str
    project_id: str
    initial: str
    statuses: Sequence[StatusAnswer]
    transitions: Sequence[TransitionAnswer]
    any_move: bool
    version: int


class ColumnAnswer(msgspec.Struct, frozen=True):
    id: str
    column_id: str
    name: str
    statuses: tuple[str, ...]
    wip_limit: int | None
    lane_wip_limit: int | None


class ColumnsAnswer(msgspec.Struct, frozen=True):
    project_id: str
    columns: Sequence[ColumnAnswer]
    swimlane: str
    version: int


class FieldAnswer(msgspec.Struct, frozen=True):
    """A custom field. `option_names` has those options that are shown by another name."""

    id: str
    field_id: str
    key: str
    name: str
    type: str
    options: tuple[str, ...]
    option_names: Mapping[str, str]
    default: FieldValue
    required_at: tuple[str, ...]


class FieldsAnswer(msgspec.Struct, frozen=True):
    project_id: str
    fields: Sequence[FieldAnswer]
    version: int


class TypesAnswer(msgspec.Struct, frozen=True):
    """The types of a project's tasks; the first is what a task gets for which none is named."""

    project_id: str
    types: Sequence[TypeAnswer]
    version: int


class RetentionAnswer(msgspec.Struct, frozen=True):
    """For how many days a project keeps what is in its trash; null: until somebody purges it."""

    project_id: str
    trash_days: int | None
    version: int


_json = msgspec.json.Encoder()
_states = StateCodec(Project)


def render_project(project: Project, teams: Container[str] | None = None) -> bytes:
    """The project's answer as JSON, people by id: for the view, for commands and fresh reads.
    `teams` are those of the workspace, where the project may name one that was deleted."""
    team_ids = tuple(each for each in project.teams if teams is None or each in teams)
    return _json.encode(
        ProjectAnswer(
            project.project_id,
            project.project_id,
            project.key,
            project.workspace_id,
            readable(project.name),
            readable(project.description),
            project.view_type,
            project.is_private,
            project.is_personal,
            person(project.owner_id),
            project.owner_id,
            team_ids,
            project.settings,
            _types(project),
            project.archived_at is not None,
            project.created_at,
            project.updated_at,
            project.version,
            project.position,
        )
    )


def render_workflow(project: Project) -> bytes:
    workflow = project.workflow
    return _json.encode(
        WorkflowAnswer(
            project.project_id,
            project.project_id,
            workflow.initial,
            [
                StatusAnswer(status.key, status.name, status.category, status.colour)
                for status in workflow.statuses
            ],
            [_transition(transition) for transition in workflow.transitions],
            workflow.any_move,
            project.version,
        )
    )


def render_columns(project: Project) -> bytes:
    columns = [_column(column) for column in project.columns]
    return _json.encode(
        ColumnsAnswer(project.project_id, columns, project.swimlane, project.version)
    )


def render_fields(project: Project) -> bytes:
    fields = [_field(field) for field in project.fields]
    return _json.encode(FieldsAnswer(project.project_id, fields, project.version))


def render_types(project: Project) -> bytes:
    return _json.encode(TypesAnswer(project.project_id, _types(project), project.version))


def render_retention(project: Project) -> bytes:
    return _json.encode(RetentionAnswer(project.project_id, project.trash_days, project.version))


def _types(project: Project) -> Sequence[TypeAnswer]:
    return [TypeAnswer(each.key, each.name, each.colour, each.icon) for each in project.types]


def _transition(transition: Transition) -> TransitionAnswer:
    guards = [_guard(guard) for guard in transition.guards]
    return TransitionAnswer(transition.source, transition.target, guards)


def _guard(guard: Guard) -> Mapping[str, Any]:
    return {**guard.parameters, "name": guard.name}


def _column(column: Column) -> ColumnAnswer:
    return ColumnAnswer(
        column.column_id,
        column.column_id,
        column.name,
        column.statuses,
        column.wip_limit,
        column.lane_wip_limit,
    )


def _field(field: FieldDefinition) -> FieldAnswer:
    return FieldAnswer(
        field.field_id,
        field.field_id,
        field.key,
        field.name,
        field.type,
        field.options,
        field.option_names,
        field.default,
        field.required_at,
    )


@dataclass(slots=True)
class ProjectRow:
    """`state` leaves the members out: they stand in rows of their own, in the view `members`."""

    project_id: str
    workspace_id: str
    state: bytes = b""
    key: str = ""
    name_key: str = ""
    archived: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    version: int = 0
    doc: bytes = b""
    workflow: bytes = b""
    columns: bytes = b""
    fields: bytes = b""
    types: bytes = b""
    retention: bytes = b""
    project: Project | None = None


PROJECTS = Table(
    "projects",
    ProjectRow,
    {
        "project_id": "text",
        "workspace_id": "text",
        "state": "bytea",
        "key": "text",
        "name_key": "text",
        "archived": "boolean",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "version": "integer",
        "doc": "bytea",
        "workflow": "bytea",
        "columns": "bytea",
        "fields": "bytea",
        "types": "bytea",
        "retention": "bytea",
    },
    key=("project_id",),
    indexes=("(workspace_id, created_at, project_id)", "(workspace_id, key)"),
    fillfactor=90,
    computed=(
        "key",
        "name_key",
        "archived",
        "created_at",
        "updated_at",
        "version",
        "doc",
        "workflow",
        "columns",
        "fields",
        "types",
        "retention",
    ),
)


def _changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: ProjectRow = rows.get("projects", stamp.stream) or ProjectRow(
        stamp.stream, stamp.workspace_id
    )
    project = evolve(_project_of(row), recorded.event, stamp)
    if project is not None:
        row.project = evolved(project, members={})
        rows.put("projects", row)


def _team_deleted(recorded: Recorded, rows: Rows) -> None:
    team_id = recorded.event.team_id
    for row in rows.scan("projects", "workspace_id", recorded.stamp.workspace_id):
        project = _project_of(row)
        if project is not None and team_id in project.teams:
            row.project = evolved(project, teams=without(project.teams, team_id))
            rows.put("projects", row)


def _of_workspace(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("projects", "workspace_id", recorded.stamp.workspace_id),)


def _project_of(row: ProjectRow) -> Project | None:
    if row.project is None and row.state:
        row.project = _states.decode(row.state)
    return row.project


def _finish(row: ProjectRow) -> None:
    project = _project_of(row)
    if project is None:
        return
    row.state = _states.encode(project)
    row.key = project.key
    row.name_key = title_key(project.name)
    row.archived = project.archived_at is not None
    row.created_at = project.created_at
    row.updated_at = project.updated_at
    row.version = project.version
    row.doc = render_project(project)
    row.workflow = render_workflow(project)
    row.columns = render_columns(project)
    row.fields = render_fields(project)
    row.types = render_types(project)
    row.retention = render_retention(project)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    if isinstance(recorded.event, TeamDeleted):
        return ()
    return (("projects", recorded.stamp.stream),)


PROJECTS_VIEW = Projection(
    name="projects",
    version=5,
    tables=(PROJECTS,),
    folds=dict.fromkeys(
        (
            ProjectCreated,
            ProjectRenamed,
            ProjectDescribed,
            ProjectViewTypeChanged,
            ProjectPrivacyChanged,
            ProjectArchived,
            ProjectUnarchived,
            ProjectMemberAdded,
            ProjectMemberRoleChanged,
            ProjectMemberRemoved,
            ProjectTeamAdded,
            ProjectTeamRoleChanged,
            ProjectTeamRemoved,
            ProjectOwnerChanged,
            ProjectSettingsChanged,
            ProjectWorkflowChanged,
            ProjectColumnsChanged,
            ProjectSwimlaneChanged,
            ProjectFieldsChanged,
            ProjectTypesChanged,
            ProjectRetentionChanged,
        ),
        _changed,
    )
    | {TeamDeleted: _team_deleted},
    reads=_reads,
    scans={TeamDeleted: _of_workspace},
    finish={"projects": _finish},
)
