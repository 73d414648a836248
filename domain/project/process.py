"""What may happen to how work goes through a project: its workflow, board, fields and types."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.errors import Invalid, Problem, invalid
from domain.project.board import ColumnDraft, checked_columns, columns_after
from domain.project.decisions import require_open
from domain.project.events import (
    ProjectColumnsChanged,
    ProjectEvent,
    ProjectFieldsChanged,
    ProjectSwimlaneChanged,
    ProjectTypesChanged,
    ProjectWorkflowChanged,
)
from domain.project.fields import FieldDefinition, FieldDraft, checked_fields
from domain.project.guards import Named, fields_asked
from domain.project.lanes import SWIMLANES
from domain.project.state import Project
from domain.project.types import TaskType, checked_types
from domain.project.workflow import Status, Workflow, checked_workflow, status_at, status_named
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.text_rules import Problems
from domain.workspace.roles import PROJECT_ROLES, WORKSPACE_ROLES


@dataclass(frozen=True, slots=True)
class Resettling:
    """What a changed workflow means for the tasks: the old status -> the one that they have
    then, which is the same where only its category is another."""

    statuses: Mapping[str, Status]
    without_target: tuple[str, ...]


def change_workflow(
    project: Project, workflow: Workflow, column_ids: Sequence[str], limits: Limits
) -> tuple[ProjectEvent, ...]:
    """`column_ids`: fresh ones, as many as the new workflow has statuses."""
    require_open(project)
    checked = checked_workflow(workflow, limits, _named(project))
    if checked == project.workflow:
        return ()
    return (
        ProjectWorkflowChanged(
            workflow=checked,
            columns=columns_after(project.columns, checked, column_ids),
            was=project.workflow,
        ),
    )


def resettle(old: Workflow, new: Workflow, move_to: Mapping[str, str]) -> Resettling:
    """Where the tasks of each status that goes, or whose category changes, stand afterwards.

    `move_to` names old and new statuses by key or exact name. `without_target` are those that
    go without being named in it: they may only where no task stands in them.
    """
    problems: list[Problem] = []
    targets: dict[str, Status] = {}
    for source, target in move_to.items():
        status, destination = status_named(old, source), status_named(new, target)
        if status is None:
            problems.append(Problem("/move_to", "unknown", f"There is no status {source} here."))
        elif status_at(new, status.key) is not None:
            detail = f"The status {source} stays, so its tasks stay in it."
            problems.append(Problem("/move_to", "invalid", detail))
        elif destination is None:
            detail = f"The changed workflow has no status {target}."
            problems.append(Problem("/move_to", "unknown", detail))
        else:
            targets[status.key] = destination
    if problems:
        raise Invalid(*problems)
    for status in old.statuses:
        same = status_at(new, status.key)
        if same is not None and same.category != status.category:
            targets[status.key] = same
    return Resettling(
        targets,
        tuple(
            status.key
            for status in old.statuses
            if status.key not in targets and status_at(new, status.key) is None
        ),
    )


def change_columns(
    project: Project,
    drafts: Sequence[ColumnDraft],
    column_ids: Sequence[str],
    limits: Limits,
    swimlane: str | None = None,
) -> tuple[ProjectEvent, ...]:
    """`swimlane`: by what lanes are told apart; None: as it is. A limit may be below what stands
    in its column already: it only stops what comes in."""
    require_open(project)
    problems = Problems()
    columns = problems.check(
        project.columns,
        checked_columns,
        drafts,
        project.columns,
        project.workflow,
        column_ids,
        limits,
    )
    lanes = problems.check(project.swimlane, _checked_swimlane, swimlane or project.swimlane)
    problems.raise_any()
    changes: list[ProjectEvent] = []
    if columns != project.columns:
        changes.append(ProjectColumnsChanged(columns=columns, was=project.columns))
    if lanes != project.swimlane:
        changes.append(ProjectSwimlaneChanged(swimlane=lanes, was=project.swimlane))
    return tuple(changes)


def change_fields(
    project: Project, drafts: Sequence[FieldDraft], field_ids: Sequence[str], limits: Limits
) -> tuple[ProjectEvent, ...]:
    """Values of a field or an option that goes stay on the tasks that have them. A field that a
    guard asks for does not go."""
    require_open(project)
    fields = checked_fields(drafts, project.fields, field_ids, limits, project.workflow)
    if fields == project.fields:
        return ()
    _require_asked_for(project, fields)
    return (ProjectFieldsChanged(fields=fields, was=project.fields),)


def _require_asked_for(project: Project, fields: Sequence[FieldDefinition]) -> None:
    """A task could never pass a guard whose field nobody can fill in any more."""
    keys = {each.key for each in fields}
    problems = [
        Problem(
            "/fields",
            "in-use",
            f"The move from {move.source} to {move.target} asks for the field {key};"
            " change the workflow first.",
        )
        for move in project.workflow.transitions
        for guard in move.guards
        for key in fields_asked(guard.parameters)
        if key not in keys
    ]
    if problems:
        raise Invalid(*problems)


def follow_statuses(
    project: Project, workflow: Workflow, resettling: Resettling
) -> tuple[ProjectEvent, ...]:
    """What becomes of the statuses in which fields are required, once the workflow has changed:
    where one went and its tasks got a new one in its place, they are required there; else that
    requirement is gone with the status."""
    places = {
        status.key: resettling.statuses.get(status.key)
        for status in project.workflow.statuses
        if status_at(workflow, status.key) is None
    }
    if not places:
        return ()
    fields = tuple(
        replace(each, required_at=_followed(each.required_at, places, project.workflow))
        if each.required_at
        else each
        for each in project.fields
    )
    if fields == project.fields:
        return ()
    return (ProjectFieldsChanged(fields=fields, was=project.fields),)


def _followed(
    required_at: Sequence[str], places: Mapping[str, Status | None], former: Workflow
) -> tuple[str, ...]:
    followed: list[str] = []
    for each in required_at:
        target = places.get(each)
        if each not in places:
            followed.append(each)
        elif target is not None and status_at(former, target.key) is None:
            followed.append(target.key)
    return tuple(dict.fromkeys(followed))


def change_types(
    project: Project, types: Sequence[TaskType], limits: Limits
) -> tuple[ProjectEvent, ...]:
    """Tasks keep a type that goes until they get another one."""
    require_open(project)
    checked = checked_types(types, limits)
    if checked == project.types:
        return ()
    return (ProjectTypesChanged(types=checked, was=project.types),)


def _named(project: Project) -> Named:
    return Named(
        fields={each.key for each in project.fields},
        project_roles=PROJECT_ROLES,
        workspace_roles=WORKSPACE_ROLES,
    )


def _checked_swimlane(swimlane: str) -> str:
    if swimlane not in SWIMLANES:
        raise invalid("/swimlane", f"Must be one of {', '.join(SWIMLANES)}.", "unknown")
    return swimlane
