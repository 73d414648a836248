"""What a comment said before, read from its own stream."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from api.http.call import CallHere
from api.http.describe import read
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import Page, encode
from api.routes.comments import visible_comment
from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.values.recorded import Recorded
from domain.values.text import readable
from infra.postgres.views.cursors import CursorCodec, Int64
from projections.people import Named, named
from projections.questions import Listing

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Comments"])

# Each entry may hold a whole comment twice over.
_MOST: Final = 100

_cursors: Final = CursorCodec("comment-history", Int64)

_ACTIONS: Final = {
    CommentAdded: "commented",
    CommentEdited: "comment_edited",
    CommentDeleted: "comment_deleted",
    CommentRestored: "comment_restored",
}


class CommentVersion(msgspec.Struct, frozen=True):
    """What was done to a comment; `text` is what it said from then on, null where that did not
    change or was erased."""

    version: int
    action: str
    text: str | None
    mentions: list[Named]
    actor: Named
    timestamp: datetime
    command_id: str
    position: int


class CommentHistory(Page, kw_only=True):
    history: list[CommentVersion]


class HistoryQuery(PageQuery):
    limit: Annotated[int, Field(ge=1, le=_MOST)] = _MOST
    last_id: Annotated[
        str | None,
        Field(pattern=r"^[1-9][0-9]{0,8}$", description="The last row's `version` before."),
    ] = None


@router.get(
    "/comments/{comment_id}/history",
    summary="What a comment said before, the newest first",
    **read(CommentHistory, is_list=True),
)
async def comment_history(
    call: CallHere, comment_id: str, query: Annotated[HistoryQuery, Query()]
) -> Reply:
    comment = await visible_comment(call, comment_id)
    house, page = call.house, query.asked()
    below = comment.version + 1 - page.skip
    if page.cursor is not None:
        (below,) = _cursors.decode(house.log_id, page.cursor)
    elif page.after_id is not None:
        below = int(page.after_id)
    newest = min(comment.version, max(below - 1, 0))
    oldest = max(newest - page.limit, 0) + 1
    recorded = await house.store.read_stream(comment_id, after=oldest - 1, upto=newest)
    listing = Listing(
        docs=b",".join([encode(_version(each)) for each in reversed(recorded)]),
        count=len(recorded),
        has_more=oldest > 1,
        next_cursor=_cursors.encode(house.log_id, (oldest,)) if oldest > 1 else None,
        position=comment.position,
        total=comment.version if page.total else None,
    )
    return page_reply(call, "history", listing, await with_names(call, listing.docs, call.position))


def _version(recorded: Recorded) -> CommentVersion:
    event, stamp = recorded.event, recorded.stamp
    says = isinstance(event, CommentAdded | CommentEdited)
    return CommentVersion(
        stamp.version,
        _ACTIONS.get(type(event), "unknown"),
        readable(event.text) if says else None,
        [named(each) for each in event.mentions] if says else [],
        named(stamp.actor),
        stamp.recorded_at,
        recorded.command_id,
        stamp.position,
    )
