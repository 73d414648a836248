"""Let somebody into a workspace."""

from dataclasses import dataclass

from commands.people import person_named
from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.errors import invalid
from domain.user.state import USER
from domain.workspace import decisions
from domain.workspace.events import ServiceAccountAdded, WorkspaceMemberAdded
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWorkspaceMember:
    """Any account may be added, by its id or its exact e-mail address; but a program only where
    it was made."""

    workspace_id: str
    user_id: str | None = None
    email: str | None = None
    role: str = "member"


async def add_member(command: AddWorkspaceMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    user_id, pointer = await person_named(work, command.user_id, command.email)
    user = await work.load(USER, user_id)
    if user is None or (user.is_service and user.default_workspace_id != workspace.workspace_id):
        raise invalid(pointer, "There is no such user.", "unknown")
    events = decisions.add_member(
        workspace, user_id, command.role, work.actor, is_service=user.is_service
    )
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


ADD_WORKSPACE_MEMBER = CommandSpec(
    command=AddWorkspaceMember,
    handler=add_member,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceMemberAdded, ServiceAccountAdded),
    route="POST /workspaces/{id}/members",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
