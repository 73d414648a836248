"""What became of each field of a task, from the log itself. The newest change first."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field

from api.http import references
from api.http.call import CallHere
from api.http.describe import read
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import visible_task
from api.routes.answers import HistoryPage, encode
from domain.errors import invalid
from infra.postgres.views.cursors import CursorCodec, Int16, Int64
from projections.field_history import HISTORY_FIELDS, HistoryEntry, asked_field, field_history
from projections.questions import Listing, Page
from projections.typeids import place_of

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Activity"])

_CURSORS: Final = CursorCodec("history", Int64, Int16)


class HistoryQuery(PageQuery):
    field: Annotated[
        tuple[str, ...],
        Field(
            max_length=100,
            description=f"Any of {', '.join(HISTORY_FIELDS)}, or `fields.<key>`.",
        ),
    ] = ()

    def fields(self) -> tuple[str, ...]:
        """Raises Invalid for what is no field."""
        found = []
        for name in self.field:
            asked = asked_field(name)
            if asked is None:
                known = ", ".join(HISTORY_FIELDS)
                raise invalid("/query/field", f"Must be some of {known} or fields.<key>.")
            found.append(asked)
        return tuple(found)


@router.get(
    "/tasks/{task_id}/history",
    summary="What became of each field of a task",
    **read(HistoryPage, is_list=True),
)
async def task_history(
    call: CallHere, task_id: str, query: Annotated[HistoryQuery, Query()]
) -> Reply:
    house = call.house
    found = await references.task_id(call, task_id)
    await visible_task(call, found)
    fields, page = query.fields(), query.asked()
    recorded = await house.store.read_stream(found)
    entries = field_history(recorded, fields)
    listing = _page(entries, page, house.log_id, recorded[-1].position)
    return page_reply(call, "history", listing, await with_names(call, listing.docs))


def _page(entries: tuple[HistoryEntry, ...], page: Page, log_id: str, position: int) -> Listing:
    after = _after(page, log_id)
    rest = [each for each in entries if after is None or _place(each) < after][page.skip :]
    shown = rest[: page.limit]
    has_more = len(rest) > len(shown)
    return Listing(
        docs=b",".join(encode(each) for each in shown),
        count=len(shown),
        has_more=has_more,
        next_cursor=_CURSORS.encode(log_id, _place(shown[-1])) if has_more else None,
        position=position,
        total=len(entries) if page.total else None,
    )


def _place(entry: HistoryEntry) -> tuple[int, int]:
    place = place_of(entry.id)
    assert place is not None  # it is made from one
    return place


def _after(page: Page, log_id: str) -> tuple[int, int] | None:
    if page.cursor is not None:
        position, ordinal = _CURSORS.decode(log_id, page.cursor)
        return position, ordinal
    if page.after_id is None:
        return None
    place = place_of(page.after_id)
    if place is None:
        raise invalid("/query/last_id", "This is no id of a change.", "malformed")
    return place
