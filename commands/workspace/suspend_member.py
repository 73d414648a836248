"""Suspend a member of a workspace, or let them in again."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import comings
from domain.workspace.events import WorkspaceMemberReactivated, WorkspaceMemberSuspended
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendMember:
    workspace_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactivateMember:
    workspace_id: str
    user_id: str


async def suspend_member(command: SuspendMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = comings.suspend_member(workspace, command.user_id, work.actor)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


async def reactivate_member(command: ReactivateMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = comings.reactivate_member(workspace, command.user_id, work.actor)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


SUSPEND_MEMBER = CommandSpec(
    command=SuspendMember,
    handler=suspend_member,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceMemberSuspended,),
    route="POST /workspaces/{id}/members/{user_id}/suspend",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
REACTIVATE_MEMBER = CommandSpec(
    command=ReactivateMember,
    handler=reactivate_member,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceMemberReactivated,),
    route="POST /workspaces/{id}/members/{user_id}/reactivate",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
