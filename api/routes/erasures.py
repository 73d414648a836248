"""Erasures: a person is forgotten when one has asked for it and another has approved."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import ETAG_HEADER, read, write
from api.http.etags import etag
from api.http.execute import changed, done, execute
from api.http.paging import PageQuery, page_of_all, page_reply
from api.http.positions import position_headers
from api.http.queries import ReadQuery
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference, Title
from api.routes.answers import Page
from api.routes.custody import kept_in, place_of, require_nowhere_else, the_one_of
from commands.custody.approve_erasure import ApproveErasure
from commands.custody.ask_erasure import AskErasure, WithdrawErasure
from commands.permissions import forbidden
from domain.custody.state import CUSTODY, Custody, Erasure, ErasureState, custody_of
from domain.errors import Kind, invalid, not_found
from domain.user.state import USER
from domain.values.ids import is_id
from domain.workspace.roles import Right
from projections.custody import ErasureAnswer, render_erasure

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Erasure"])


class ErasurePage(Page, kw_only=True):
    erasures: list[ErasureAnswer]


class NewErasure(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"content": True}]})

    may_be_left_out: ClassVar[bool] = True

    workspace_id: Annotated[
        Reference | None,
        Field(description="Where another person approves; needed where it could be several."),
    ] = None
    content: Annotated[bool, Field(description="Also all that they wrote.")] = False
    reason: Annotated[Title | None, Field(description="It goes with them.")] = None
    erasure_id: Annotated[Reference, Field(description="A fresh one of your own.")] | None = None


class ErasureQuery(PageQuery):
    workspace_id: Annotated[str | None, Field(max_length=100)] = None
    open: Annotated[bool, Field(description="Neither withdrawn nor completed.")] = False


@router.post(
    "/users/{user}/erasure",
    summary="Ask for a person to be forgotten",
    description="Oneself everywhere, or somebody of a workspace whose members one manages.",
    **write(ErasureAnswer, status=201, may=(Kind.ALREADY_EXISTS, Kind.LEGAL_HOLD)),
)
async def ask_erasure(call: CallHere, user: str, body: NewErasure) -> Reply:
    user_id = call.caller.user_id if user == "me" else user
    workspace_id = body.workspace_id or the_one_of(await _where_asked(call, user_id))
    if body.erasure_id is not None:
        await require_nowhere_else(call, body.erasure_id, workspace_id, "erasure_id")
    command = AskErasure(
        user_id=user_id,
        workspace_id=workspace_id,
        content=body.content,
        reason=body.reason,
        erasure_id=body.erasure_id,
    )
    outcome = await execute(call, [command], body=body)
    custody = outcome.state(CUSTODY)
    asked = next(
        each for each in reversed(list(custody.erasures.values())) if each.user_id == user_id
    )
    doc = render_erasure(asked, workspace_id)
    location = f"/api/v1/erasures/{asked.erasure_id}"
    return changed(call, outcome, doc, custody.version, status=201, location=location)


@router.get(
    "/erasures",
    summary="List a workspace's erasures, or your own",
    **read(ErasurePage, is_list=True, has_path=False, is_view=False),
)
async def list_erasures(call: CallHere, query: Annotated[ErasureQuery, Query()]) -> Reply:
    workspace_id = query.workspace_id or await _default_workspace(call)
    custody, manages = await kept_in(call, workspace_id)
    found = [] if custody is None else list(custody.erasures.values())
    rows = sorted(
        (
            ((each.steps[ErasureState.ASKED].at.isoformat(), each.erasure_id), each)
            for each in found
            if _may_see(call, each, manages) and (each.is_open or not query.open)
        ),
        key=lambda row: row[0],
    )
    docs = [(place, render_erasure(each, workspace_id)) for place, each in rows]
    position = 0 if custody is None else custody.position
    listing = page_of_all(call.house.log_id, "erasures", docs, query.asked(), position)
    return page_reply(call, "erasures", listing, listing.docs)


@router.get(
    "/erasures/{erasure_id}",
    summary="Read an erasure",
    **read(ErasureAnswer, shows=ETAG_HEADER),
)
async def get_erasure(
    call: CallHere, erasure_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    custody, erasure = await _visible(call, erasure_id)
    doc = render_erasure(erasure, custody.workspace_id)
    headers = [etag(custody.version, doc), *position_headers(call, custody.position)]
    return Reply(200, doc, headers)


@router.delete(
    "/erasures/{erasure_id}",
    summary="Withdraw or decline what nobody has approved of yet",
    **write(None, status=204, has_body=False, conditional=True, may=(Kind.NOT_UNDOABLE,)),
)
async def withdraw_erasure(call: CallHere, erasure_id: str) -> Reply:
    custody, erasure = await _visible(call, erasure_id)
    command = WithdrawErasure(
        workspace_id=custody.workspace_id, user_id=erasure.user_id, erasure_id=erasure_id
    )
    return await done(call, command, match=custody_of(custody.workspace_id))


@router.post(
    "/erasures/{erasure_id}/approval",
    summary="Approve an erasure that somebody else asked for",
    description="It is carried out at once, and cannot be taken back; the answer is the "
    "certificate. Views are rewritten after it; then its state is `completed`.",
    **write(
        ErasureAnswer,
        has_body=False,
        conditional=True,
        may=(Kind.LEGAL_HOLD, Kind.LAST_OWNER, Kind.NOT_RESTORABLE, Kind.ALREADY_EXISTS),
    ),
)
async def approve_erasure(call: CallHere, erasure_id: str) -> Reply:
    house = call.house
    custody, _ = await place_of(call, erasure_id, "erasure")
    workspace_id, asked = custody.workspace_id, _known(custody, erasure_id)
    places = await house.eraser.places_of(asked.user_id, await house.store.head())
    command = ApproveErasure(
        workspace_id=workspace_id, erasure_id=erasure_id, found=places.workspaces
    )
    outcome = await execute(call, [command], match=custody_of(workspace_id))
    now = await house.executor.states.read(CUSTODY, custody_of(workspace_id))
    assert now is not None  # it was changed just now
    erasure = now.erasures[erasure_id]
    if erasure.stage is ErasureState.APPROVED:
        now = await house.eraser.carry_out(house.executor, workspace_id, erasure, places)
        erasure = now.erasures[erasure_id]
    return changed(call, outcome, render_erasure(erasure, workspace_id), now.version)


async def _visible(call: Call, erasure_id: str) -> tuple[Custody, Erasure]:
    custody, manages = await place_of(call, erasure_id, "erasure")
    erasure = _known(custody, erasure_id)
    if not _may_see(call, erasure, manages):
        raise not_found("erasure")
    return custody, erasure


def _known(custody: Custody, erasure_id: str) -> Erasure:
    erasure = custody.erasures.get(erasure_id)
    if erasure is None:
        raise not_found("erasure")
    return erasure


def _may_see(call: Call, erasure: Erasure, manages: bool) -> bool:
    return manages or call.caller.user_id in (erasure.user_id, erasure.asked_by)


async def _where_asked(call: Call, user_id: str) -> list[str]:
    """Where somebody else could approve: for oneself not in one's own workspace, unless there is
    no other one. Raises Refused."""
    if not is_id(user_id, "user"):
        raise not_found("user")
    head = await call.house.store.head()
    found = await call.access.workspaces(call.caller.user_id, head)
    if user_id == call.caller.user_id:
        own = await _default_workspace(call)
        return [each for each in found if each != own] or [own]
    theirs = frozenset(await call.access.workspaces(user_id, head))
    shared = [each for each in found if each in theirs]
    if not shared:
        raise not_found("user")
    managed = [each for each in shared if (await kept_in(call, each))[1]]
    if not managed:
        raise forbidden(Right.MANAGE_MEMBERS)
    return managed


async def _default_workspace(call: Call) -> str:
    if call.within is not None:
        return call.within
    user = await call.access.newest(USER, call.caller.user_id)
    if user is None or user.default_workspace_id is None:
        raise invalid("/query/workspace_id", "Name a workspace; you have none of your own.")
    return user.default_workspace_id
