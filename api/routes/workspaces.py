"""Workspaces and who belongs to them."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http.bodies import Body, require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, changed_headers, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_of_all, page_reply
from api.http.past import AsOf, moment_of, place_of, state_then
from api.http.queries import ReadQuery
from api.http.reads import Found, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Name, Reference
from api.http.visible import visible_workspace
from api.routes.answers import MemberPage, WorkspacePage
from api.routes.invitations import InvitationAnswer, render_invitation
from commands.execution import Outcome
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.change_member_role import ChangeWorkspaceMemberRole
from commands.workspace.close_workspace import CloseWorkspace, ReopenWorkspace
from commands.workspace.create_workspace import CreateWorkspace
from commands.workspace.remove_member import RemoveWorkspaceMember
from commands.workspace.rename_workspace import RenameWorkspace
from commands.workspace.suspend_member import ReactivateMember, SuspendMember
from commands.workspace.transfer_workspace import TransferWorkspace
from domain.errors import Kind, not_found
from domain.values.text import shown
from domain.values.text_rules import normal_email
from domain.workspace.comings import invitation_for
from domain.workspace.state import WORKSPACE, Workspace
from projections.members import MEMBERS_VIEW
from projections.past_moments import Moment
from projections.questions import Listing, Page, Scope
from projections.workspace_members import MemberAnswer, render_member
from projections.workspaces import WorkspaceAnswer, render_workspace

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Workspaces"])

Role = Literal["owner", "admin", "member", "guest", "auditor"]


class NewWorkspace(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "The company"}]})

    name: Name
    workspace_id: Annotated[Reference, Field(description="A fresh one of your own.")] | None = None


class WorkspaceChanges(Body):
    derived: ClassVar[frozenset[str]] = frozenset({"updated_at", "version", "position"})
    identity: ClassVar[frozenset[str]] = frozenset(
        {"id", "workspace_id", "is_personal", "closed_at", "created_at"}
    )

    name: Name = ""
    owner_id: Annotated[
        Reference,
        Field(description="A member to hand it over to; the owner who does is an admin then."),
    ] = ""


class NewMember(Body):
    """Any account, by its id or its exact e-mail address."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "bob@example.org", "role": "member"}]}
    )

    user_id: Reference | None = None
    email: Reference | None = None
    role: Role = "member"


class Closing(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"confirm": "The company"}]})

    confirm: Annotated[str, Field(max_length=1_000, description="The workspace's name, exactly.")]


class MemberPageQuery(PageQuery, AsOf):
    pass


class RoleChange(Body):
    derived: ClassVar[frozenset[str]] = frozenset(
        {"id", "user_id", "name", "team_ids", "is_service_account", "suspended", "joined_at"}
    )

    role: Role


@router.post(
    "/workspaces",
    summary="Make a workspace",
    **write(WorkspaceAnswer, status=201, has_path=False, may=(Kind.ALREADY_EXISTS,)),
)
async def create_workspace(call: CallHere, body: NewWorkspace) -> Reply:
    command = CreateWorkspace(name=body.name, workspace_id=body.workspace_id)
    outcome = await execute(call, [command], body=body)
    workspace = outcome.state(WORKSPACE)
    return changed(
        call,
        outcome,
        render_workspace(workspace),
        workspace.version,
        status=201,
        location=f"/api/v1/workspaces/{workspace.workspace_id}",
    )


@router.get(
    "/workspaces",
    summary="List your workspaces",
    **read(WorkspacePage, is_list=True, has_path=False),
)
async def list_workspaces(call: CallHere, query: Annotated[PageQuery, Query()]) -> Reply:
    house, user_id = call.house, call.caller.user_id
    position = call.position
    workspaces = await call.access.workspaces(user_id, position)

    async def ask(scope: Scope) -> Listing:
        return await house.waiter.at_least(
            MEMBERS_VIEW, position, lambda: house.members.workspaces(scope.tenants, query.asked())
        )

    listing = await call.access.within(user_id, workspaces, ask)
    return page_reply(call, "workspaces", listing, listing.docs)


@router.get(
    "/workspaces/{workspace_id}",
    summary="Read a workspace",
    **read(WorkspaceAnswer, is_one=True),
)
async def get_workspace(
    call: CallHere, workspace_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    position = call.position
    workspace = await visible_workspace(call, workspace_id, or_closed=True)
    found = Found(
        render_workspace(workspace), workspace.version, workspace.position, workspace_id, ""
    )
    return await one(call, found, position)


@router.patch(
    "/workspaces/{workspace_id}",
    summary="Rename a workspace, or hand it over",
    **write(WorkspaceAnswer, conditional=True),
)
async def change_workspace(call: CallHere, workspace_id: str, body: WorkspaceChanges) -> Reply:
    present = await visible_workspace(call, workspace_id)
    _require_same_identity(body, present)
    name = body.name if body.gives("name") else shown(present.name)
    commands: list[RenameWorkspace | TransferWorkspace] = [
        RenameWorkspace(workspace_id=workspace_id, name=name)
    ]
    if body.gives("owner_id") and body.owner_id != present.owner_id:
        commands.append(TransferWorkspace(workspace_id=workspace_id, owner_id=body.owner_id))
    outcome = await execute(call, commands, body=body, match=workspace_id)
    workspace = outcome.state(WORKSPACE)
    return changed(call, outcome, render_workspace(workspace), workspace.version)


@router.get(
    "/workspaces/{workspace_id}/members",
    summary="List a workspace's members",
    **read(MemberPage, is_list=True),
)
async def list_members(
    call: CallHere, workspace_id: str, query: Annotated[MemberPageQuery, Query()]
) -> Reply:
    house = call.house
    position = call.position
    moment = await moment_of(call, query)
    await visible_workspace(call, workspace_id)
    if moment is not None:
        listing = await _members_then(call, workspace_id, moment, query.asked())
        return page_reply(call, "members", listing, await with_names(call, listing.docs, position))
    listing = await house.waiter.at_least(
        MEMBERS_VIEW, position, lambda: house.members.members(workspace_id, query.asked())
    )
    return page_reply(call, "members", listing, await with_names(call, listing.docs, position))


async def _members_then(call: Call, workspace_id: str, moment: Moment, page: Page) -> Listing:
    workspace = await state_then(call, moment, WORKSPACE, workspace_id)
    if workspace is None:
        raise not_found("workspace")
    rows = [
        (
            place_of(member, user_id),
            render_member(
                user_id,
                member,
                workspace.teams_of(user_id),
                suspended=user_id in workspace.suspended,
            ),
        )
        for user_id, member in {**workspace.members, **workspace.suspended}.items()
    ]
    mark = call.house.past.mark(moment)
    return page_of_all(mark, "members-then", sorted(rows), page, moment.position)


@router.post(
    "/workspaces/{workspace_id}/members",
    summary="Let somebody into a workspace, or invite an address that nobody has",
    **write(
        MemberAnswer,
        status=201,
        may=(Kind.ALREADY_EXISTS,),
        also={202: InvitationAnswer},
    ),
)
async def add_member(call: CallHere, workspace_id: str, body: NewMember) -> Reply:
    command = AddWorkspaceMember(
        workspace_id=workspace_id, user_id=body.user_id, email=body.email, role=body.role
    )
    if body.email is None or body.user_id is not None:
        outcome = await execute(call, [command], body=body, match=workspace_id)
        return await _added(call, outcome, body.user_id or "")
    inviting = call.house.invitations.inviting(workspace_id, body.email, call.caller.user_id)
    async with inviting as invitation_id:
        command = replace(command, invitation_id=invitation_id)
        outcome = await execute(call, [command], body=body, match=workspace_id)
    workspace = outcome.state(WORKSPACE)
    user_id = await call.house.store.claimed_by("email", normal_email(body.email))
    if user_id is not None and user_id in workspace.members:
        return await _added(call, outcome, user_id)
    invitation = invitation_for(list(workspace.invitations.values()), body.email)
    if invitation is None:
        raise not_found("invitation")
    doc = await with_names(call, render_invitation(workspace_id, invitation))
    return Reply(202, doc, changed_headers(call, outcome))


async def _added(call: Call, outcome: Outcome, user_id: str) -> Reply:
    workspace = outcome.state(WORKSPACE)
    doc = await _member(call, workspace, user_id)
    return changed(call, outcome, doc, workspace.version, status=201)


@router.patch(
    "/workspaces/{workspace_id}/members/{user_id}",
    summary="Give a member another role",
    **write(MemberAnswer, conditional=True, may=(Kind.LAST_OWNER,)),
)
async def change_member(call: CallHere, workspace_id: str, user_id: str, body: RoleChange) -> Reply:
    command = ChangeWorkspaceMemberRole(workspace_id=workspace_id, user_id=user_id, role=body.role)
    outcome = await execute(call, [command], body=body, match=workspace_id)
    workspace = outcome.state(WORKSPACE)
    return changed(call, outcome, await _member(call, workspace, user_id), workspace.version)


@router.delete(
    "/workspaces/{workspace_id}/members/{user_id}",
    summary="Take somebody out of a workspace, or leave it",
    **write(None, status=204, conditional=True, has_body=False, may=(Kind.LAST_OWNER,)),
)
async def remove_member(call: CallHere, workspace_id: str, user_id: str) -> Reply:
    command = RemoveWorkspaceMember(workspace_id=workspace_id, user_id=user_id)
    return await done(call, command, match=workspace_id)


@router.post(
    "/workspaces/{workspace_id}/members/{user_id}/suspend",
    summary="Suspend a member: a member still, who may see and do nothing here",
    **write(MemberAnswer, conditional=True, has_body=False, may=(Kind.LAST_OWNER,)),
)
async def suspend_member(call: CallHere, workspace_id: str, user_id: str) -> Reply:
    command = SuspendMember(workspace_id=workspace_id, user_id=user_id)
    outcome = await execute(call, [command], match=workspace_id)
    workspace = outcome.state(WORKSPACE)
    return changed(call, outcome, await _member(call, workspace, user_id), workspace.version)


@router.post(
    "/workspaces/{workspace_id}/members/{user_id}/reactivate",
    summary="Let a suspended member in again",
    **write(MemberAnswer, conditional=True, has_body=False),
)
async def reactivate_member(call: CallHere, workspace_id: str, user_id: str) -> Reply:
    command = ReactivateMember(workspace_id=workspace_id, user_id=user_id)
    outcome = await execute(call, [command], match=workspace_id)
    workspace = outcome.state(WORKSPACE)
    return changed(call, outcome, await _member(call, workspace, user_id), workspace.version)


@router.delete(
    "/workspaces/{workspace_id}",
    summary="Close a workspace; nothing of it is lost",
    description="To everybody it is as if it did not exist; those who own it still read it here, "
    "and may reopen it for a time.",
    **write(None, status=204, conditional=True),
)
async def close_workspace(call: CallHere, workspace_id: str, body: Closing) -> Reply:
    command = CloseWorkspace(workspace_id=workspace_id, confirm=body.confirm)
    return await done(call, command, body=body, match=workspace_id)


@router.post(
    "/workspaces/{workspace_id}/reopen",
    summary="Open a closed workspace again, as it was",
    **write(WorkspaceAnswer, has_body=False),
)
async def reopen_workspace(call: CallHere, workspace_id: str) -> Reply:
    outcome = await execute(call, [ReopenWorkspace(workspace_id=workspace_id)])
    workspace = outcome.state(WORKSPACE)
    return changed(call, outcome, render_workspace(workspace), workspace.version)


async def _member(call: Call, workspace: Workspace, user_id: str) -> bytes:
    suspended = user_id in workspace.suspended
    member = workspace.suspended.get(user_id) or workspace.members.get(user_id)
    if member is None:
        raise not_found("member")
    doc = render_member(user_id, member, workspace.teams_of(user_id), suspended=suspended)
    return await with_names(call, doc)


def _require_same_identity(body: WorkspaceChanges, workspace: Workspace) -> None:
    present = {
        "id": workspace.workspace_id,
        "workspace_id": workspace.workspace_id,
        "is_personal": workspace.is_personal,
        "closed_at": None,
        "created_at": workspace.created_at,
    }
    require_unchanged(body.sent_back, present)
