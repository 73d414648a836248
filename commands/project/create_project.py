"""Make a project with the default workflow and a column for each of its statuses."""

from collections.abc import Mapping
from random import randrange
from typing import Final

from commands.fresh_ids import fresh_id
from commands.permissions import InNamedWorkspace, home_of
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.errors import invalid
from domain.project import decisions, membership
from domain.project.events import (
    ProjectCreated,
    ProjectMemberAdded,
    ProjectSettingsChanged,
    ProjectTeamAdded,
)
from domain.project.state import PROJECT, key_scope
from domain.project.workflow import DEFAULT_WORKFLOW
from domain.values.frozen import dataclass
from domain.values.text_rules import checked_name, made_project_key, numbered_project_key
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE, Workspace

# Keys that look like each other are tried in order up to this number, then with random ones; at
# random at once where somebody was quicker, for many may be counting up side by side.
_IN_ORDER: Final = 9
_AT_RANDOM: Final = (10, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProject:
    """Without a key, one is made from the name. Without `workspace_id` it goes to the caller's
    default one. The caller is an admin of it, the owner too."""

    name: str
    key: str | None = None
    description: str | None = None
    view_type: str | None = None
    is_private: bool = False
    workspace_id: str | None = None
    owner_id: str | None = None
    project_id: str | None = None
    team_ids: tuple[str, ...] = ()
    settings: Mapping[str, object] | None = None


async def create_project(command: CreateProject, work: Work) -> str:
    workspace = work.seen(WORKSPACE, await home_of(command, work))
    project_id = await fresh_id(
        work, PROJECT, command.project_id, field="project_id", what="project"
    )
    owner_id = command.owner_id or work.actor
    if workspace.role_of(owner_id) is None:
        raise invalid("/owner_id", "There is nobody with this id in the workspace.", "unknown")
    key = command.key or await _made_key(command, workspace, work)
    events = decisions.create(
        key=key,
        name=command.name,
        owner_id=owner_id,
        column_ids=[work.new_id("col") for _ in DEFAULT_WORKFLOW.statuses],
        limits=work.limits,
        description=command.description or "",
        view_type=command.view_type or "board",
        is_private=command.is_private,
    )
    work.record(PROJECT, workspace.workspace_id, project_id, *events)
    if owner_id != work.actor:
        project = work.seen(PROJECT, project_id)
        joined = membership.add_member(project, workspace, work.actor, "admin")
        work.record(PROJECT, workspace.workspace_id, project_id, *joined)
    if command.team_ids:
        project = work.seen(PROJECT, project_id)
        teams = membership.change_teams(project, workspace, command.team_ids)
        work.record(PROJECT, workspace.workspace_id, project_id, *teams)
    if command.settings:
        project = work.seen(PROJECT, project_id)
        settings = decisions.change_settings(project, command.settings)
        work.record(PROJECT, workspace.workspace_id, project_id, *settings)
    work.claim(
        key_scope(workspace.workspace_id),
        key,
        field="key",
        owner=project_id,
        retry=command.key is None,
    )
    return project_id


async def _made_key(command: CreateProject, workspace: Workspace, work: Work) -> str:
    """One that nobody has; somebody may still take it first, and then another is made."""
    made = made_project_key(checked_name(command.name, work.limits))
    number = 1 if work.attempt == 0 else _at_random()
    key = made if number == 1 else numbered_project_key(made, number)
    while await work.claimed_by(key_scope(workspace.workspace_id), key) is not None:
        number = number + 1 if number < _IN_ORDER else _at_random()
        key = numbered_project_key(made, number)
    return key


def _at_random() -> int:
    return randrange(*_AT_RANDOM)  # noqa: S311 - makes a free key likely, no secret


CREATE_PROJECT = CommandSpec(
    command=CreateProject,
    handler=create_project,
    permission=InNamedWorkspace(Right.CREATE_PROJECT),
    events=(ProjectCreated, ProjectMemberAdded, ProjectTeamAdded, ProjectSettingsChanged),
    route="POST /projects",
    inverse=BY_EVENTS,
)
