"""Invitations into a workspace: those that wait, sent again, revoked, accepted."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query

from api.http.call import CallHere
from api.http.describe import own, read, write
from api.http.execute import changed_headers, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_of_all, page_reply, place_in_time
from api.http.positions import position_headers
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import workspace_with_right
from api.routes.answers import Page, encode
from api.routes.own_account import MailedToken
from commands.workspace.invite_member import RenewInvitation, RevokeInvitation
from domain.errors import Kind, not_found
from domain.values.text import readable, shown
from domain.workspace.comings import invitation_of
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE, Invitation
from projections.people import Named, named
from projections.workspaces import WorkspaceAnswer, render_workspace

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Workspaces"])


class InvitationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that waits for whoever reads mail at `email`."""

    id: str
    invitation_id: str
    workspace_id: str
    email: str | None
    role: str
    invited_by: Named
    created_at: datetime
    expires_at: datetime


class InvitationList(Page, kw_only=True):
    invitations: list[InvitationAnswer]


def render_invitation(workspace_id: str, invitation: Invitation) -> bytes:
    """The inviter's name by id."""
    return encode(_answer(workspace_id, invitation))


@router.get(
    "/workspaces/{workspace_id}/invitations",
    summary="List the invitations that wait",
    **read(InvitationList, is_list=True, is_view=False),
)
async def list_invitations(
    call: CallHere, workspace_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    workspace = await workspace_with_right(call, workspace_id, Right.MANAGE_MEMBERS)
    now = call.house.clock()
    rows = sorted(
        (
            place_in_time(each.invited_at, each.invitation_id),
            render_invitation(workspace_id, each),
        )
        for each in workspace.invitations.values()
        if each.expires_at > now
    )
    log_id, asked = call.house.log_id, query.asked()
    listing = page_of_all(log_id, "invitations", rows, asked, workspace.position)
    return page_reply(call, "invitations", listing, await with_names(call, listing.docs))


@router.post(
    "/workspaces/{workspace_id}/invitations/{invitation_id}/resend",
    summary="Send an invitation again; it is good for as long as a new one",
    **write(InvitationAnswer, has_body=False),
)
async def resend_invitation(call: CallHere, workspace_id: str, invitation_id: str) -> Reply:
    workspace = await workspace_with_right(call, workspace_id, Right.MANAGE_MEMBERS)
    email = shown(invitation_of(workspace, invitation_id).email)
    command = RenewInvitation(workspace_id=workspace_id, invitation_id=invitation_id)
    sending = call.house.invitations.sending(
        workspace_id, invitation_id, email, call.caller.user_id
    )
    async with sending:
        outcome = await execute(call, [command])
    invitation = outcome.state(WORKSPACE).invitations.get(invitation_id)
    if invitation is None:
        raise not_found("invitation")
    doc = await with_names(call, render_invitation(workspace_id, invitation))
    return Reply(200, doc, changed_headers(call, outcome))


@router.delete(
    "/workspaces/{workspace_id}/invitations/{invitation_id}",
    summary="Revoke an invitation",
    **write(None, status=204, has_body=False),
)
async def revoke_invitation(call: CallHere, workspace_id: str, invitation_id: str) -> Reply:
    command = RevokeInvitation(workspace_id=workspace_id, invitation_id=invitation_id)
    return await done(call, command)


@router.post(
    "/auth/invitations/accept",
    summary="Accept an invitation by the mailed token",
    description="With the account that has the address that was invited; it counts as verified.",
    **own(WorkspaceAnswer, may=(Kind.NOT_FOUND,)),
)
async def accept_invitation(call: CallHere, body: MailedToken) -> Reply:
    outcome = await call.house.invitations.accept(body.token, call.caller.user_id, call.origin())
    call.recorded = outcome.position
    doc = render_workspace(outcome.state(WORKSPACE))
    return Reply(200, doc, position_headers(call, outcome.position))


def _answer(workspace_id: str, invitation: Invitation) -> InvitationAnswer:
    return InvitationAnswer(
        id=invitation.invitation_id,
        invitation_id=invitation.invitation_id,
        workspace_id=workspace_id,
        email=readable(invitation.email),
        role=invitation.role,
        invited_by=named(invitation.invited_by),
        created_at=invitation.invited_at,
        expires_at=invitation.expires_at,
    )
