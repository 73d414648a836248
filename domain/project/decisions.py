"""What may happen to a project itself: how it begins, is called, shown, settled and put away."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.errors import Kind, Refused, invalid
from domain.project.board import columns_of
from domain.project.events import (
    ProjectArchived,
    ProjectCreated,
    ProjectDescribed,
    ProjectEvent,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectSettingsChanged,
    ProjectUnarchived,
    ProjectViewTypeChanged,
)
from domain.project.settings import checked_settings
from domain.project.state import Project
from domain.project.workflow import DEFAULT_WORKFLOW, PERSONAL_WORKFLOW, Workflow
from domain.values.limits import Limits
from domain.values.text_rules import checked_description, checked_name, checked_project_key

VIEW_TYPES: Final = ("list", "board", "timeline")


PERSONAL_KEY: Final = "ME"


def create(
    *,
    key: str,
    name: str,
    owner_id: str,
    column_ids: Sequence[str],
    limits: Limits,
    description: str = "",
    view_type: str = "board",
    is_private: bool = False,
    workflow: Workflow = DEFAULT_WORKFLOW,
    is_personal: bool = False,
) -> tuple[ProjectEvent, ...]:
    """`column_ids`: fresh ones, as many as the workflow has statuses."""
    return (
        ProjectCreated(
            key=checked_project_key(key),
            name=checked_name(name, limits),
            description=checked_description(description, limits),
            view_type=_checked_view_type(view_type),
            is_private=is_private,
            owner_id=owner_id,
            workflow=workflow,
            columns=columns_of(workflow, column_ids),
            is_personal=is_personal,
        ),
    )


def create_personal(
    *, owner_id: str, column_ids: Sequence[str], limits: Limits
) -> tuple[ProjectEvent, ...]:
    """The one project of an account in which any status may follow any."""
    return create(
        key=PERSONAL_KEY,
        name="Personal",
        owner_id=owner_id,
        column_ids=column_ids,
        limits=limits,
        workflow=PERSONAL_WORKFLOW,
        is_personal=True,
    )


def require_open(project: Project) -> None:
    """Nothing happens in an archived project."""
    if project.archived:
        raise Refused(Kind.ARCHIVED, "The project is archived; restore it first.")


def rename(project: Project, name: str, limits: Limits) -> tuple[ProjectEvent, ...]:
    require_open(project)
    if checked_name(name, limits) == project.name:
        return ()
    return (ProjectRenamed(name=name, was=project.name),)


def describe(project: Project, description: str, limits: Limits) -> tuple[ProjectEvent, ...]:
    require_open(project)
    if checked_description(description, limits) == project.description:
        return ()
    return (ProjectDescribed(description=description),)


def change_view_type(project: Project, view_type: str) -> tuple[ProjectEvent, ...]:
    require_open(project)
    if _checked_view_type(view_type) == project.view_type:
        return ()
    return (ProjectViewTypeChanged(view_type=view_type, was=project.view_type),)


def change_privacy(project: Project, is_private: bool) -> tuple[ProjectEvent, ...]:
    require_open(project)
    if is_private == project.is_private:
        return ()
    return (ProjectPrivacyChanged(is_private=is_private, was=project.is_private),)


def archive(project: Project) -> tuple[ProjectEvent, ...]:
    return () if project.archived else (ProjectArchived(),)


def unarchive(project: Project) -> tuple[ProjectEvent, ...]:
    return (ProjectUnarchived(),) if project.archived else ()


def change_settings(project: Project, settings: Mapping[str, object]) -> tuple[ProjectEvent, ...]:
    """The keys named; None gives one up. What is left out stays."""
    require_open(project)
    new = checked_settings(settings)
    changed = {key: value for key, value in new.items() if project.settings.get(key) != value}
    if not changed:
        return ()
    was = {key: project.settings.get(key) for key in changed}
    return (ProjectSettingsChanged(settings=changed, was=was),)


def _checked_view_type(view_type: str) -> str:
    if view_type not in VIEW_TYPES:
        raise invalid("/view_type", f"Must be one of {', '.join(VIEW_TYPES)}.", "unknown")
    return view_type
