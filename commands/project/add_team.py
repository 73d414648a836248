"""Name a team in a project, with a role for each of its members."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import membership
from domain.project.events import ProjectTeamAdded, ProjectTeamRemoved
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AddProjectTeam:
    project_id: str
    team_id: str
    role: str = "member"


async def add_team(command: AddProjectTeam, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    events = membership.add_team(project, workspace, command.team_id, command.role)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


ADD_PROJECT_TEAM = CommandSpec(
    command=AddProjectTeam,
    handler=add_team,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectTeamAdded, ProjectTeamRemoved),
    route="POST /projects/{id}/members",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
