"""The feed of changes: a workspace's events in order, to be followed from a position."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from msgspec import UNSET, Struct, UnsetType
from pydantic import Field

from api.http import references
from api.http.call import Call, CallHere, ClientGone
from api.http.describe import read
from api.http.paging import MOST
from api.http.positions import MOST_POSITION, position_headers
from api.http.queries import DefaultWorkspace, ReadQuery
from api.http.reply import Reply
from api.http.route import DirectRoute
from domain.errors import Kind, Refused, invalid
from domain.user.keys import ADMIN
from infra.feed.changes import Asked, ChangePage
from infra.feed.told import chosen
from infra.tasks import cancelled
from projections.activity import ACTIVITY_VIEW

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Changes"])


class Actor(Struct, frozen=True):
    """Who did it."""

    user_id: str
    name: str | None


class Event(Struct, frozen=True, kw_only=True):
    """An event as the log has it. `erased` names fields of `data` whose text was made unreadable
    for ever; `unreadable`: the event itself cannot be read, and `data` and `actor` are null."""

    position: int
    stream: str
    version: int
    type: str
    data: dict[str, Any] | None
    actor: Actor | None
    recorded_at: datetime
    occurred_at: datetime | UnsetType = UNSET
    caused_by: str | UnsetType = UNSET
    erased: list[str] | UnsetType = UNSET
    unreadable: bool | UnsetType = UNSET


class EventPage(Struct, frozen=True):
    """`next_after` is where to go on, also after a page without events."""

    events: list[Event]
    next_after: int


class EventQuery(ReadQuery):
    after: Annotated[
        int, Field(ge=0, le=MOST_POSITION, description="A position; `next_after` before.")
    ] = 0
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    types: Annotated[
        tuple[str, ...], Field(max_length=200, description="Any of them: `TaskCreated`, ...")
    ] = ()
    wait: Annotated[
        float, Field(ge=0, description="Seconds to wait where there is nothing yet.")
    ] = 0
    workspace_id: DefaultWorkspace = None


@router.get(
    "/events",
    summary="What changed in a workspace after a position",
    description="In the order of the log, which `next_after` follows without a gap. A page is "
    "short only at the log's end, or where `next_after` is less than `X-Log-Position`.",
    **read(EventPage, has_path=False, may=(Kind.NOT_FOUND,)),
)
async def events(call: CallHere, query: Annotated[EventQuery, Query()]) -> Reply:
    workspace_id = (await references.workspace_asked(call, query.workspace_id)).workspace_id
    longest = call.house.settings.max_feed_wait_s
    if query.wait > longest:
        raise invalid("/query/wait", f"At most {longest:g} seconds; ask again then.", "too-long")
    if query.wait and not call.is_alone:
        raise invalid("/query/wait", "A call of a batch does not wait; ask by itself.")
    key = call.caller.key
    scopes = None if key is None or ADMIN in key.scopes else key.scopes
    asked = Asked(
        workspace_id,
        query.after,
        query.limit,
        chosen(query.types, scopes),
        sifted=bool(query.types),
    )
    page = await _page(call, asked)
    if not page.events and query.wait:
        page = await _wait(call, asked, page, query.wait)
    end = orjson.dumps({"next_after": page.next_after})[1:]
    body = b'{"events":[%b],%b' % (b",".join(page.events), end)
    return Reply(200, body, position_headers(call, page.upto, page.stale))


async def _page(call: Call, asked: Asked) -> ChangePage:
    return await call.access.within(
        call.caller.user_id,
        (asked.workspace_id,),
        lambda scope: call.house.waiter.at_least(
            ACTIVITY_VIEW, call.position, lambda: call.house.changes.page(scope, asked)
        ),
    )


async def _wait(call: Call, asked: Asked, page: ChangePage, seconds: float) -> ChangePage:
    """The next page that has something, or the last one when the time is over. Raises ClientGone,
    and Refused(UNAUTHENTICATED) where the caller was logged out meanwhile."""
    loop, house, waiters = asyncio.get_running_loop(), call.house, call.house.change_waiters
    until = loop.time() + seconds
    gone = asyncio.create_task(_until_gone(call))
    try:
        while not (page.events or waiters.closed) and (left := until - loop.time()) > 0:
            if page.next_after >= page.upto:
                beyond = asyncio.create_task(
                    waiters.beyond(asked.workspace_id, page.next_after, left)
                )
                await asyncio.wait((beyond, gone), return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    await cancelled(beyond)
                    raise ClientGone
                await beyond
            if call.caller.session_id in house.revocations:
                raise Refused(Kind.UNAUTHENTICATED, "The access token is not valid any longer.")
            page = await _page(call, replace(asked, after=page.next_after))
    finally:
        await cancelled(gone)
    return page


async def _until_gone(call: Call) -> None:
    with suppress(ClientGone):
        while (await call.receive())["type"] != "http.disconnect":
            pass
