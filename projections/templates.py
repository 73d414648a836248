"""Templates: those that each workspace has, by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.project.fields import FieldValue
from domain.template.events import (
    TemplateCreated,
    TemplateDeleted,
    TemplateEmptied,
    TemplateRenamed,
    TemplateRestored,
    TemplateTaskAdded,
    TemplateTaskFilled,
)
from domain.template.filling import variables_in
from domain.template.state import Template, TemplateTask, evolve
from domain.values.priority import band_of
from domain.values.recorded import Recorded
from domain.values.text import readable, shown

from .people import Named, named
from .projection import Projection, Rows, Table
from .states import StateCodec
from .titles import title_key


class OutlineAnswer(msgspec.Struct, frozen=True):
    """A task of a template; those below it name it in `below`."""

    ref: str
    below: str | None
    title: str | None
    description: str | None
    priority: str
    priority_level: int
    type: str | None
    status: str | None
    assignee_ids: tuple[str, ...]
    due_in: str | None
    start_in: str | None
    estimate: float | None
    tags: tuple[str, ...]
    fields: Mapping[str, FieldValue]
    depends_on: tuple[str, ...]


class TemplateSummary(msgspec.Struct, frozen=True):
    """A template as lists show it."""

    id: str
    template_id: str
    workspace_id: str
    kind: str
    name: str | None
    description: str | None
    task_count: int
    variables: tuple[str, ...]
    creator: Named
    updated_by: Named
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


class TemplateAnswer(TemplateSummary, frozen=True):
    """A template as `GET /templates/{id}` shows it."""

    tasks: list[OutlineAnswer]


_json = msgspec.json.Encoder()
_states = StateCodec(Template)


def render_template(template: Template) -> bytes:
    """The whole answer as JSON, people by id."""
    tasks = [_outline(task) for task in template.tasks]
    return _json.encode(TemplateAnswer(**_summary(template), tasks=tasks))


def _summary(template: Template) -> dict[str, Any]:
    texts = (text for text, _ in template.texts())
    return {
        "id": template.template_id,
        "template_id": template.template_id,
        "workspace_id": template.workspace_id,
        "kind": template.kind,
        "name": readable(template.name),
        "description": readable(template.description),
        "task_count": len(template.tasks),
        "variables": variables_in((*texts, shown(template.name))),
        "creator": named(template.creator_id),
        "updated_by": named(template.updated_by),
        "created_at": template.created_at,
        "updated_at": template.updated_at,
        "version": template.version,
        "position": template.position,
    }


def _outline(task: TemplateTask) -> OutlineAnswer:
    return OutlineAnswer(
        ref=task.ref,
        below=task.below,
        title=readable(task.title),
        description=readable(task.description),
        priority=band_of(task.priority),
        priority_level=task.priority,
        type=task.type,
        status=task.status,
        assignee_ids=task.assignee_ids,
        due_in=task.due_in,
        start_in=task.start_in,
        estimate=task.estimate,
        tags=task.tags,
        fields=task.fields,
        depends_on=task.depends_on,
    )


@dataclass(slots=True)
class TemplateRow:
    template_id: str
    workspace_id: str
    name_key: str
    deleted: bool
    doc: bytes
    state: bytes


TEMPLATES = Table(
    "templates",
    TemplateRow,
    {
        "template_id": "text",
        "workspace_id": "text",
        "name_key": "text",
        "deleted": "boolean",
        "doc": "bytea",
        "state": "bytea",
    },
    key=("template_id",),
    indexes=("(workspace_id, name_key, template_id) WHERE NOT deleted",),
)


def _changed(recorded: Recorded, rows: Rows) -> None:
    row: TemplateRow | None = rows.get("templates", recorded.stamp.stream)
    before = None if row is None else _states.decode(row.state)
    template = evolve(before, recorded.event, recorded.stamp)
    if template is None:
        return
    rows.put(
        "templates",
        TemplateRow(
            template.template_id,
            template.workspace_id,
            title_key(template.name),
            template.deleted,
            _json.encode(TemplateSummary(**_summary(template))),
            _states.encode(template),
        ),
    )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return (("templates", recorded.stamp.stream),)


TEMPLATES_VIEW = Projection(
    name="templates",
    version=2,
    tables=(TEMPLATES,),
    folds=dict.fromkeys(
        (
            TemplateCreated,
            TemplateRenamed,
            TemplateTaskAdded,
            TemplateTaskFilled,
            TemplateEmptied,
            TemplateDeleted,
            TemplateRestored,
        ),
        _changed,
    ),
    reads=_reads,
)
