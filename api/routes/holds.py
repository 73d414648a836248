"""Legal holds: what must be kept, and what stops being kept, two people say."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import ETAG_HEADER, read, write
from api.http.etags import etag
from api.http.execute import changed, execute
from api.http.paging import PageQuery, page_of_all, page_reply
from api.http.positions import position_headers
from api.http.queries import ReadQuery
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference, Title
from api.routes.answers import Page
from api.routes.custody import kept_in, place_of, require_nowhere_else
from commands.custody.holds import ApproveHold, LiftHold, ProposeHold
from commands.execution import Outcome
from domain.custody.state import CUSTODY, Custody, Hold, HoldState, custody_of
from domain.errors import Kind, invalid, not_found
from domain.values.moment import moment
from projections.custody import HoldAnswer, render_hold

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Erasure"])

Since = Annotated[str | None, Field(description="RFC 3339 with an offset, inclusive.")]
Until = Annotated[str | None, Field(description="RFC 3339 with an offset, exclusive.")]


class HoldPage(Page, kw_only=True):
    holds: list[HoldAnswer]


class NewHold(Body):
    """On one of a person, a project, and what was recorded in a period."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2026-01-01T00:00:00Z", "reason": "Case 7"}]}
    )

    workspace_id: Annotated[
        Reference | None, Field(description="Left out: the project's, else your default one.")
    ] = None
    user_id: Reference | None = None
    project_id: Reference | None = None
    since: Since = None
    until: Until = None
    reason: Title


class HoldQuery(PageQuery):
    workspace_id: Annotated[str | None, Field(max_length=100)] = None
    open: Annotated[bool, Field(description="Standing, or proposed.")] = False


@router.put(
    "/holds/{hold_id}",
    summary="Propose a legal hold",
    description="The id is one of your own. It stands once another person has approved. One that "
    "is proposed to be lifted is kept by proposing it again.",
    **write(HoldAnswer, conditional=True, may=(Kind.ALREADY_EXISTS,)),
)
async def propose_hold(call: CallHere, hold_id: str, body: NewHold) -> Reply:
    project_id = await references.project_id_in_body(
        call, body.project_id, workspace_id=body.workspace_id
    )
    home = await references.workspace_of(call, None, project_id)
    workspace_id = body.workspace_id or home or await references.default_workspace(call)
    if workspace_id is None:
        raise invalid("/workspace_id", "Name a workspace; you have none of your own.")
    if project_id is None or home == workspace_id:  # else there is no such project
        await require_nowhere_else(call, hold_id, workspace_id, "hold_id")
    was_in: tuple[str, ...] = ()
    if body.user_id is not None:
        head = await call.house.store.head()
        was_in = (await call.house.eraser.places_of(body.user_id, head)).workspaces
    command = ProposeHold(
        workspace_id=workspace_id,
        hold_id=hold_id,
        reason=body.reason,
        user_id=body.user_id,
        was_here=workspace_id in was_in,
        project_id=project_id,
        since=_moment(body.since, "/since"),
        until=_moment(body.until, "/until"),
    )
    stream = custody_of(workspace_id)
    return _changed(call, await execute(call, [command], body=body, match=stream), hold_id)


@router.get(
    "/holds",
    summary="List a workspace's legal holds",
    **read(HoldPage, is_list=True, has_path=False, is_view=False),
)
async def list_holds(call: CallHere, query: Annotated[HoldQuery, Query()]) -> Reply:
    workspace_id = query.workspace_id or await references.default_workspace(call)
    if workspace_id is None:
        raise invalid("/query/workspace_id", "Name a workspace; you have none of your own.")
    custody, manages = await kept_in(call, workspace_id)
    found = custody.holds.values() if custody is not None and manages else ()
    rows = sorted(
        (
            (each.steps[HoldState.PROPOSED].at.isoformat(), each.hold_id),
            render_hold(each, workspace_id),
        )
        for each in found
        if each.is_open or not query.open
    )
    position = 0 if custody is None else custody.position
    listing = page_of_all(call.house.log_id, "holds", rows, query.asked(), position)
    return page_reply(call, "holds", listing, listing.docs)


@router.get("/holds/{hold_id}", summary="Read a legal hold", **read(HoldAnswer, shows=ETAG_HEADER))
async def get_hold(call: CallHere, hold_id: str, query: Annotated[ReadQuery, Query()]) -> Reply:
    custody, manages = await place_of(call, hold_id, "hold")
    if not manages:
        raise not_found("hold")
    doc = render_hold(_known(custody, hold_id), custody.workspace_id)
    headers = [etag(custody.version, doc), *position_headers(call, custody.position)]
    return Reply(200, doc, headers)


@router.delete(
    "/holds/{hold_id}",
    summary="Propose to lift a legal hold",
    description="It stands until another person has approved; one that only was proposed is "
    "withdrawn at once.",
    **write(HoldAnswer, has_body=False, conditional=True),
)
async def lift_hold(call: CallHere, hold_id: str) -> Reply:
    custody, _ = await place_of(call, hold_id, "hold")
    command = LiftHold(workspace_id=custody.workspace_id, hold_id=hold_id)
    stream = custody_of(custody.workspace_id)
    return _changed(call, await execute(call, [command], match=stream), hold_id)


@router.post(
    "/holds/{hold_id}/approval",
    summary="Approve that a hold is set or lifted, as somebody else proposed",
    description="Whichever is proposed by then; with If-Match, what you have seen.",
    **write(HoldAnswer, has_body=False, conditional=True, may=(Kind.NOT_RESTORABLE,)),
)
async def approve_hold(call: CallHere, hold_id: str) -> Reply:
    custody, _ = await place_of(call, hold_id, "hold")
    command = ApproveHold(workspace_id=custody.workspace_id, hold_id=hold_id)
    stream = custody_of(custody.workspace_id)
    return _changed(call, await execute(call, [command], match=stream), hold_id)


def _changed(call: Call, outcome: Outcome, hold_id: str) -> Reply:
    custody = outcome.state(CUSTODY)
    doc = render_hold(_known(custody, hold_id), custody.workspace_id)
    return changed(call, outcome, doc, custody.version)


def _known(custody: Custody, hold_id: str) -> Hold:
    hold = custody.holds.get(hold_id)
    if hold is None:
        raise not_found("hold")
    return hold


def _moment(text: str | None, pointer: str) -> datetime | None:
    return None if text is None else moment(text, pointer)
