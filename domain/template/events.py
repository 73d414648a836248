"""What can happen to a template."""

from collections.abc import Mapping
from dataclasses import field

from domain.project.fields import FieldValue
from domain.template.outline import ProjectOutline
from domain.values.frozen import dataclass
from domain.values.text import Erased, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCreated:
    """`project` is what a template of a project makes beside its tasks; None: one of a task."""

    name: Text
    description: Text
    project: ProjectOutline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRenamed:
    name: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTaskAdded:
    """`ref` names the task within the template; `below` is the one that it stands below, and
    `depends_on` are those that block it. `due_in` and `start_in` are durations from the day on
    which the template begins. `status` is where it begins, None: where the workflow does."""

    ref: str
    title: Text
    description: Text
    priority: int
    below: str | None = None
    type: str | None = None
    status: str | None = None
    assignee_ids: tuple[str, ...] = ()
    due_in: str | None = None
    start_in: str | None = None
    estimate: float | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, FieldValue] | Erased = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTaskFilled:
    """Further values of custom fields of a task: those that somebody else wrote."""

    ref: str
    fields: Mapping[str, FieldValue] | Erased


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEmptied:
    """All its tasks are gone, for others that follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDeleted:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRestored:
    pass


TemplateEvent = (
    TemplateCreated
    | TemplateRenamed
    | TemplateTaskAdded
    | TemplateTaskFilled
    | TemplateEmptied
    | TemplateDeleted
    | TemplateRestored
)
