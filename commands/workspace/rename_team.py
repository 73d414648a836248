"""Give a team another name."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import TeamRenamed
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTeam:
    workspace_id: str
    team_id: str
    name: str


async def rename_team(command: RenameTeam, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.rename_team(workspace, command.team_id, command.name, work.limits)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


RENAME_TEAM = CommandSpec(
    command=RenameTeam,
    handler=rename_team,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(TeamRenamed,),
    route="PATCH /workspaces/{id}/teams/{team_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
