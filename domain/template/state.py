"""A template as its events leave it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime

from domain.aggregate import Aggregate
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
from domain.template.outline import ProjectOutline
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import Erased, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTask:
    """As `TemplateTaskAdded` says; `fields` of all events, and whoever wrote them, by their
    keys."""

    ref: str
    below: str | None
    title: Text
    description: Text
    priority: int
    type: str | None
    status: str | None
    assignee_ids: tuple[str, ...]
    due_in: str | None
    start_in: str | None
    estimate: float | None
    tags: tuple[str, ...]
    depends_on: tuple[str, ...]
    title_author: str
    description_author: str
    fields: Mapping[str, FieldValue]
    field_authors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`project` None: a template of a task, the first of `tasks`, with those below it."""

    template_id: str
    workspace_id: str
    name: Text
    description: Text
    project: ProjectOutline | None
    tasks: tuple[TemplateTask, ...]
    creator_id: str
    name_author: str
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    deleted: bool = False

    @property
    def kind(self) -> str:
        return "task" if self.project is None else "project"

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every readable text of its tasks, with whoever wrote it."""
        for task in self.tasks:
            for text, author in (
                (task.title, task.title_author),
                (task.description, task.description_author),
            ):
                if isinstance(text, str):
                    yield text, author
            for key, value in task.fields.items():
                if isinstance(value, str):
                    yield value, task.field_authors[key]


def evolve(state: Template | None, event: object, stamp: Stamp) -> Template | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case TemplateRenamed():
            return touched(state, stamp, name=event.name, name_author=stamp.author_of("name"))
        case TemplateTaskAdded():
            return touched(state, stamp, tasks=(*state.tasks, _task(event, stamp)))
        case TemplateTaskFilled():
            tasks = tuple(_filled(task, event, stamp) for task in state.tasks)
            return touched(state, stamp, tasks=tasks)
        case TemplateEmptied():
            return touched(state, stamp, tasks=())
        case TemplateDeleted():
            return touched(state, stamp, deleted=True)
        case TemplateRestored():
            return touched(state, stamp, deleted=False)
        case _:
            return touched(state, stamp)


def _task(event: TemplateTaskAdded, stamp: Stamp) -> TemplateTask:
    values = {} if isinstance(event.fields, Erased) else event.fields
    said = {each.name: getattr(event, each.name) for each in fields(event)}
    return TemplateTask(
        **{
            **said,
            "fields": values,
            "field_authors": dict.fromkeys(values, stamp.author_of("fields")),
            "title_author": stamp.author_of("title"),
            "description_author": stamp.author_of("description"),
        }
    )


def _filled(task: TemplateTask, event: TemplateTaskFilled, stamp: Stamp) -> TemplateTask:
    if task.ref != event.ref or isinstance(event.fields, Erased):
        return task
    written = dict.fromkeys(event.fields, stamp.author_of("fields"))
    return replace(
        task,
        fields={**task.fields, **event.fields},
        field_authors={**task.field_authors, **written},
    )


def _begin(event: object, stamp: Stamp) -> Template | None:
    if not isinstance(event, TemplateCreated):
        return None
    return Template(
        template_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        name=event.name,
        description=event.description,
        project=event.project,
        tasks=(),
        creator_id=stamp.actor,
        name_author=stamp.author_of("name"),
        created_at=stamp.at,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


def authors(state: Template | None, event: object) -> Mapping[str, str]:
    if state is not None and isinstance(event, TemplateRenamed):
        return {"was": state.name_author}
    return {}


TEMPLATE = Aggregate("tmpl", evolve, authors=authors)
