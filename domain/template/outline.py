"""What a template of a project makes beside its tasks."""

from typing import Final

from domain.project.board import ColumnDraft
from domain.project.fields import FieldDefinition
from domain.project.state import Project
from domain.project.types import DEFAULT_TYPES, TaskType
from domain.project.workflow import DEFAULT_WORKFLOW, Workflow
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOutline:
    """Fields have the ids that they had where they come from; new ones are made of them."""

    view_type: str
    workflow: Workflow
    columns: tuple[ColumnDraft, ...]
    fields: tuple[FieldDefinition, ...]
    types: tuple[TaskType, ...]


DEFAULT_OUTLINE: Final = ProjectOutline(
    view_type="board",
    workflow=DEFAULT_WORKFLOW,
    columns=tuple(
        ColumnDraft(name=status.name, statuses=(status.key,))
        for status in DEFAULT_WORKFLOW.statuses
    ),
    fields=(),
    types=DEFAULT_TYPES,
)


def outline_of(project: Project) -> ProjectOutline:
    """How a project is set up, without its people and its names."""
    return ProjectOutline(
        view_type=project.view_type,
        workflow=project.workflow,
        columns=tuple(
            ColumnDraft(
                name=column.name,
                statuses=column.statuses,
                wip_limit=column.wip_limit,
                lane_wip_limit=column.lane_wip_limit,
            )
            for column in project.columns
        ),
        fields=project.fields,
        types=project.types,
    )
