"""Projects as answers: each one's own, and those of its workflow, columns, fields and types."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.project.board import Column
from domain.project.fields import FieldDefinition, FieldValue
from domain.project.state import Project
from domain.project.workflow import Guard, Transition
from domain.values.text import readable

from .people import Person, person


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
