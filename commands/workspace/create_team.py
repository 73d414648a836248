"""Make a team, which projects can name in the place of each of its members."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import TeamCreated
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTeam:
    """`team_id` is a fresh one."""

    workspace_id: str
    team_id: str
    name: str


async def create_team(command: CreateTeam, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.create_team(workspace, command.team_id, command.name, work.limits)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


CREATE_TEAM = CommandSpec(
    command=CreateTeam,
    handler=create_team,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(TeamCreated,),
    route="POST /workspaces/{id}/teams",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
