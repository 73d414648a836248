"""Let somebody into a workspace."""

from commands.people import person_named
from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.errors import invalid
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.text_rules import checked_email, normal_email
from domain.workspace import comings, decisions
from domain.workspace.events import (
    ServiceAccountAdded,
    WorkspaceEvent,
    WorkspaceMemberAdded,
    WorkspaceMemberInvited,
)
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWorkspaceMember:
    """Any account may be added, by its id or its exact e-mail address; but a program only where
    it was made. An address that nobody has is invited where there is a fresh `invitation_id`
    for it."""

    workspace_id: str
    user_id: str | None = None
    email: str | None = None
    role: str = "member"
    invitation_id: str | None = None


async def add_member(command: AddWorkspaceMember, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = await _decided(command, work, workspace)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


async def _decided(
    command: AddWorkspaceMember, work: Work, workspace: Workspace
) -> tuple[WorkspaceEvent, ...]:
    email, invitation_id = command.email, command.invitation_id
    if email is not None and command.user_id is None and invitation_id is not None:
        checked_email(email)
        if await work.claimed_by("email", normal_email(email)) is None:
            return comings.invite(
                workspace,
                invitation_id=invitation_id,
                email=email,
                role=command.role,
                actor_id=work.actor,
                now=work.now,
                limits=work.limits,
            )
    user_id, pointer = await person_named(work, command.user_id, email)
    user = await work.load(USER, user_id)
    if user is None or (user.is_service and user.default_workspace_id != workspace.workspace_id):
        raise invalid(pointer, "There is no such user.", "unknown")
    return decisions.add_member(
        workspace, user_id, command.role, work.actor, is_service=user.is_service
    )


ADD_WORKSPACE_MEMBER = CommandSpec(
    command=AddWorkspaceMember,
    handler=add_member,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(WorkspaceMemberAdded, ServiceAccountAdded, WorkspaceMemberInvited),
    route="POST /workspaces/{id}/members",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
