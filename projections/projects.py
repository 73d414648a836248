"""The view of projects: one row each, with the answers of the project and of its settings."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

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
from domain.project.state import Project, evolve
from domain.values.evolved import evolved
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from domain.workspace.events import TeamDeleted
from domain.workspace.state import without

from .project_answers import (
    render_columns,
    render_fields,
    render_project,
    render_retention,
    render_types,
    render_workflow,
)
from .projection import Projection, Rows, Scan, Table
from .states import StateCodec
from .task_questions import Sort, SortBy
from .titles import title_key

SORTS = (SortBy.CREATED_AT, SortBy.UPDATED_AT, SortBy.TITLE, SortBy.KEY)
USUAL_SORT = Sort(SortBy.CREATED_AT, descending=True)

_states = StateCodec(Project)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFilter:
    """What projects of a list have in common; `archived` None: both kinds."""

    archived: bool | None = False
    keys: tuple[str, ...] = ()


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
