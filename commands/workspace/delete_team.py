"""Do away with a team, and at once with all that it gave its members."""

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import TeamDeleted
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTeam:
    workspace_id: str
    team_id: str


async def delete_team(command: DeleteTeam, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.delete_team(workspace, command.team_id)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


DELETE_TEAM = CommandSpec(
    command=DeleteTeam,
    handler=delete_team,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(TeamDeleted,),
    route="DELETE /workspaces/{id}/teams/{team_id}",
    inverse=NoInverse("what the team gave ended with it; make a new team."),
    writes=lambda command: command.workspace_id,
)
