"""Take a member of the workspace into a team."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import TeamMemberAdded
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTeamMember:
    workspace_id: str
    team_id: str
    user_id: str


async def add_team_member(command: AddTeamMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.add_team_member(workspace, command.team_id, command.user_id, work.limits)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


ADD_TEAM_MEMBER = CommandSpec(
    command=AddTeamMember,
    handler=add_team_member,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(TeamMemberAdded,),
    route="PUT /workspaces/{id}/teams/{team_id}/members/{user_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
