"""Name a team in a project no more."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import membership
from domain.project.events import ProjectTeamRemoved
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveProjectTeam:
    project_id: str
    team_id: str


async def remove_team(command: RemoveProjectTeam, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    events = membership.remove_team(project, workspace, command.team_id)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


REMOVE_PROJECT_TEAM = CommandSpec(
    command=RemoveProjectTeam,
    handler=remove_team,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectTeamRemoved,),
    route="DELETE /projects/{id}/members/{team_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
