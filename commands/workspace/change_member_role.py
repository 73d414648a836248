"""Give somebody another role in a workspace."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from commands.workspace.owners import require_owner_beside
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import WorkspaceMemberRoleChanged
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWorkspaceMemberRole:
    workspace_id: str
    user_id: str
    role: str


async def change_member_role(command: ChangeWorkspaceMemberRole, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.change_member_role(workspace, command.user_id, command.role, work.actor)
    if events:
        await require_owner_beside(work, workspace, command.user_id)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


CHANGE_WORKSPACE_MEMBER_ROLE = CommandSpec(
    command=ChangeWorkspaceMemberRole,
    handler=change_member_role,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceMemberRoleChanged,),
    route="PATCH /workspaces/{id}/members/{user_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
