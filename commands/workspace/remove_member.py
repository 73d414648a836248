"""Take somebody out of a workspace, or leave it."""

from commands.permissions import OneselfOrInWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from commands.workspace.owners import require_owner_beside
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import WorkspaceMemberRemoved
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveWorkspaceMember:
    workspace_id: str
    user_id: str


async def remove_member(command: RemoveWorkspaceMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.remove_member(workspace, command.user_id, work.actor)
    await require_owner_beside(work, workspace, command.user_id)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


REMOVE_WORKSPACE_MEMBER = CommandSpec(
    command=RemoveWorkspaceMember,
    handler=remove_member,
    permission=OneselfOrInWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceMemberRemoved,),
    route="DELETE /workspaces/{id}/members/{user_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
