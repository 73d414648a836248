"""Take somebody out of a team, or leave it."""

from commands.permissions import OneselfOrInWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import TeamMemberRemoved
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTeamMember:
    workspace_id: str
    team_id: str
    user_id: str


async def remove_team_member(command: RemoveTeamMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.remove_team_member(workspace, command.team_id, command.user_id)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


REMOVE_TEAM_MEMBER = CommandSpec(
    command=RemoveTeamMember,
    handler=remove_team_member,
    permission=OneselfOrInWorkspace(Right.MANAGE_MEMBERS),
    events=(TeamMemberRemoved,),
    route="DELETE /workspaces/{id}/teams/{team_id}/members/{user_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
