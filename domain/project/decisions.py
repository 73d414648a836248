"""What may happen to a project, its members, its workflow, its board and its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.errors import Invalid, Kind, Problem, Refused, invalid, not_found
from domain.project.board import (
    ColumnDraft,
    checked_columns,
    columns_after,
    columns_of,
)
from domain.project.events import (
    ProjectArchived,
    ProjectColumnsChanged,
    ProjectCreated,
    ProjectDescribed,
    ProjectEvent,
    ProjectFieldsChanged,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    ProjectOwnerChanged,
    ProjectPrivacyChanged,
    ProjectRenamed,
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
from domain.project.fields import FieldDefinition, FieldDraft, checked_fields
from domain.project.guards import Named, fields_asked
from domain.project.lanes import SWIMLANES
from domain.project.settings import checked_settings
from domain.project.state import Project
from domain.project.types import TaskType, checked_types
from domain.project.workflow import (
    DEFAULT_WORKFLOW,
    PERSONAL_WORKFLOW,
    Status,
    Workflow,
    checked_workflow,
    status_at,
    status_named,
)
from domain.values.limits import Limits
from domain.values.text_rules import (
    Problems,
    checked_description,
    checked_name,
    checked_project_key,
)
from domain.workspace.roles import PROJECT_ROLES, WORKSPACE_ROLES, named_in_project
from domain.workspace.state import Workspace

VIEW_TYPES: Final = ("list", "board", "timeline")

PERSONAL_KEY: Final = "ME"

_DELETED_TEAMS_KEPT: Final = 100


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


def add_member(
    project: Project, workspace: Workspace, user_id: str, role: str, pointer: str = "/user_id"
) -> tuple[ProjectEvent, ...]:
    """Somebody named with this role already changes nothing. `pointer` is how they were named."""
    require_open(project)
    _checked_role(role)
    if workspace.role_of(user_id) is None:
        raise invalid(pointer, "They are not in the project's workspace; add them there first.")
    present = named_in_project(workspace, project, user_id)
    if present == role:
        return ()
    if present is not None:
        raise Refused(
            Kind.ALREADY_EXISTS,
            f"They are named in the project already, as {present}; change their role instead.",
            field="user_id",
        )
    return (ProjectMemberAdded(user_id=user_id, role=role),)


def change_member_role(
    project: Project, workspace: Workspace, user_id: str, role: str
) -> tuple[ProjectEvent, ...]:
    require_open(project)
    _checked_role(role)
    present = named_in_project(workspace, project, user_id)
    if present is None:
        raise not_found("member")
    if present == role:
        return ()
    return (ProjectMemberRoleChanged(user_id=user_id, role=role, was=present),)


def remove_member(project: Project, user_id: str) -> tuple[ProjectEvent, ...]:
    """Also from an archived project, and of one who left the workspace: taking away what
    somebody may see must always be possible."""
    present = project.members.get(user_id)
    if present is None:
        raise not_found("member")
    return (ProjectMemberRemoved(user_id=user_id, was=present.role),)


def add_team(
    project: Project, workspace: Workspace, team_id: str, role: str, pointer: str = "/team_id"
) -> tuple[ProjectEvent, ...]:
    """A team named with this role already changes nothing. `pointer` is how it was named."""
    require_open(project)
    _checked_role(role)
    if team_id not in workspace.teams:
        raise invalid(pointer, "The project's workspace has no team with this id.", "unknown")
    present = project.teams.get(team_id)
    if present is None:
        added = ProjectTeamAdded(team_id=team_id, role=role)
        return (*_forgotten(project, workspace), added)
    if present.role == role:
        return ()
    raise Refused(
        Kind.ALREADY_EXISTS,
        f"The team is named in the project already, as {present.role}; change its role instead.",
        field="team_id",
    )


def change_team_role(
    project: Project, workspace: Workspace, team_id: str, role: str
) -> tuple[ProjectEvent, ...]:
    require_open(project)
    _checked_role(role)
    present = project.teams.get(team_id)
    if present is None or team_id not in workspace.teams:
        raise not_found("member")
    if present.role == role:
        return ()
    return (ProjectTeamRoleChanged(team_id=team_id, role=role, was=present.role),)


def remove_team(project: Project, workspace: Workspace, team_id: str) -> tuple[ProjectEvent, ...]:
    """Also from an archived project, as with a member."""
    present = project.teams.get(team_id)
    if present is None or team_id not in workspace.teams:
        raise not_found("member")
    return (ProjectTeamRemoved(team_id=team_id, was=present.role),)


def change_teams(
    project: Project, workspace: Workspace, team_ids: Sequence[str]
) -> tuple[ProjectEvent, ...]:
    """Exactly these teams: a new one as `member`, one that stays with the role that it has."""
    require_open(project)
    unknown = [
        Problem(f"/team_ids/{n}", "unknown", "The project's workspace has no team with this id.")
        for n, each in enumerate(team_ids)
        if each not in workspace.teams
    ]
    if unknown:
        raise Invalid(*unknown)
    present = teams_in(project, workspace)
    gone = [each for each in present if each not in team_ids]
    new = [each for each in dict.fromkeys(team_ids) if each not in project.teams]
    return (
        *(_forgotten(project, workspace) if new else ()),
        *(ProjectTeamRemoved(team_id=each, was=project.teams[each].role) for each in gone),
        *(ProjectTeamAdded(team_id=each, role="member") for each in new),
    )


def _forgotten(project: Project, workspace: Workspace) -> tuple[ProjectTeamRemoved, ...]:
    """Teams that were deleted and are many by now: what nobody sees shall not grow for ever."""
    gone = [each for each in project.teams if each not in workspace.teams]
    if len(gone) < _DELETED_TEAMS_KEPT:
        return ()
    return tuple(ProjectTeamRemoved(team_id=each, was=project.teams[each].role) for each in gone)


def teams_in(project: Project, workspace: Workspace) -> tuple[str, ...]:
    """The teams that a project names and that there still are."""
    return tuple(each for each in project.teams if each in workspace.teams)


def change_owner(project: Project, workspace: Workspace, owner_id: str) -> tuple[ProjectEvent, ...]:
    """The new owner is an admin of the project; the one before stays what they are in it."""
    require_open(project)
    if owner_id == project.owner_id:
        return ()
    if workspace.role_of(owner_id) is None:
        raise invalid("/owner_id", "There is nobody with this id in the workspace.", "unknown")
    changed = ProjectOwnerChanged(owner_id=owner_id, was=project.owner_id)
    present = named_in_project(workspace, project, owner_id)
    if present == "admin":
        return (changed,)
    if present is None:
        return (changed, ProjectMemberAdded(user_id=owner_id, role="admin"))
    return (changed, ProjectMemberRoleChanged(user_id=owner_id, role="admin", was=present))


def change_settings(project: Project, settings: Mapping[str, object]) -> tuple[ProjectEvent, ...]:
    """The keys named; None gives one up. What is left out stays."""
    require_open(project)
    new = checked_settings(settings)
    changed = {key: value for key, value in new.items() if project.settings.get(key) != value}
    if not changed:
        return ()
    was = {key: project.settings.get(key) for key in changed}
    return (ProjectSettingsChanged(settings=changed, was=was),)


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


def _checked_view_type(view_type: str) -> str:
    if view_type not in VIEW_TYPES:
        raise invalid("/view_type", f"Must be one of {', '.join(VIEW_TYPES)}.", "unknown")
    return view_type


def _checked_swimlane(swimlane: str) -> str:
    if swimlane not in SWIMLANES:
        raise invalid("/swimlane", f"Must be one of {', '.join(SWIMLANES)}.", "unknown")
    return swimlane


def _checked_role(role: str) -> None:
    if role not in PROJECT_ROLES:
        raise invalid("/role", f"Must be one of {', '.join(PROJECT_ROLES)}.", "unknown")
