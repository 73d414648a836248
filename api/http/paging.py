"""Pages of lists: `limit` and where to go on, the envelope, and the link to the next page."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self

import orjson
from pydantic import Field, model_validator

from api.http.call import Call
from api.http.conditional import conditional, tagged, weak_tag
from api.http.names import said_to
from api.http.positions import position_headers
from api.http.queries import ReadQuery
from api.http.reply import Header, Reply
from domain.errors import invalid
from infra.postgres.views.cursors import MOST_CHARACTERS, CursorCodec
from projections.held import Held
from projections.marks import Marked
from projections.past_moments import microseconds
from projections.questions import MOST_ROWS_DEEP, Listing, Page

MOST: Final = 1_000

_PLACE_NAMES: Final = ("cursor", "last_id", "skip", "page")
_PLACES: Final = frozenset(name.encode() for name in _PLACE_NAMES)
_LAST_MICROSECOND: Final = 2**63 - 1


Cursor = Annotated[
    str | None,
    Field(pattern=rf"^[A-Za-z0-9_-]{{1,{MOST_CHARACTERS}}}$", description="`next_cursor` before."),
]


class PageQuery(ReadQuery):
    """Parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 100
    cursor: Cursor = None
    last_id: Annotated[
        str | None, Field(min_length=1, max_length=100, description="The last row's id before.")
    ] = None
    skip: Annotated[int, Field(ge=0, le=MOST_ROWS_DEEP)] = 0
    page: Annotated[int | None, Field(ge=1, le=MOST_ROWS_DEEP)] = None
    total: Annotated[bool, Field(description="Count all, exactly up to 10,000.")] = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in _PLACE_NAMES if name in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other")
        if self.page is not None and (self.page - 1) * self.limit > MOST_ROWS_DEEP:
            raise ValueError(f"pages go {MOST_ROWS_DEEP} rows deep; go on with cursor")
        return self

    def asked(self) -> Page:
        """The page as the views understand it."""
        return Page(
            limit=self.limit,
            cursor=self.cursor,
            after_id=self.last_id,
            skip=self.skip if self.page is None else (self.page - 1) * self.limit,
            total=self.total,
        )


def place_in_time(at: datetime, row_id: str, *, newest_first: bool = False) -> tuple[str, str]:
    """The place of a row in a list that is known whole and stands in the order of a time."""
    passed = microseconds(at)
    return f"{_LAST_MICROSECOND - passed if newest_first else passed:020d}", row_id


def page_of_all(
    log_id: str,
    name: str,
    rows: Sequence[tuple[tuple[str, str], bytes]],
    page: Page,
    position: int,
) -> Listing:
    """A page of a list that is known whole: (place, answer) of each row in the order of the
    places, whose second part is the row's id. Raises Invalid as `read_page`."""
    cursors = CursorCodec(name, str, str)
    places = [place for place, _ in rows]
    start = page.skip
    if page.cursor is not None:
        start = bisect_right(places, cursors.decode(log_id, page.cursor))
    elif page.after_id is not None:
        found = next((n for n, (_, row_id) in enumerate(places) if row_id == page.after_id), None)
        if found is None:
            detail = "There is no such row, or you may not see it."
            raise invalid("/query/last_id", detail, "not-found")
        start = found + 1
    shown = rows[start : start + page.limit]
    has_more = start + page.limit < len(rows)
    return Listing(
        docs=b",".join([doc for _, doc in shown]),
        count=len(shown),
        has_more=has_more,
        next_cursor=cursors.encode(log_id, shown[-1][0]) if has_more else None,
        position=position,
        total=len(rows) if page.total else None,
    )


def page_reply(
    call: Call,
    name: str,
    listing: Listing,
    docs: bytes,
    beside: Mapping[str, Any] | None = None,
) -> Reply:
    """A list's answer, or 304 where the client holds it; `docs` are the listing's with people's
    names filled in, `beside` is what else the answer holds."""
    body = _page(name, listing, docs, beside or {})
    return conditional(call, body, _page_headers(call, listing))


async def filled_page(call: Call, name: str, listing: Listing) -> Reply:
    """A list's answer as `page_reply` gives it, its marks filled in here: where they say what they
    said when it left last, it leaves as it did."""
    filled = listing.filled
    marked = None
    if filled.held is None:
        marked = Marked(_page(name, listing, listing.docs, {}))
        filled.held = Held.by(marked)
    said = await said_to(call, filled.held, call.position)
    if said != filled.said:
        marked = marked or Marked(_page(name, listing, listing.docs, {}))
        filled.body = marked.filled(said)
        filled.tag = weak_tag(filled.body)
        filled.said = said
    return tagged(call, filled.body, filled.tag, _page_headers(call, listing))


def _page(name: str, listing: Listing, docs: bytes, beside: Mapping[str, Any]) -> bytes:
    end: dict[str, Any] = {"next_cursor": listing.next_cursor, "has_more": listing.has_more}
    end |= beside
    if listing.total is not None:
        end["total"] = listing.total
        end["total_is_exact"] = listing.total_is_exact
    return b'{"%b":[%b],%b' % (name.encode(), docs, orjson.dumps(end)[1:])


def _page_headers(call: Call, listing: Listing) -> list[Header]:
    headers = position_headers(call, listing.position, listing.stale)
    if listing.next_cursor is not None:
        headers.append(_next_link(call, listing.next_cursor))
    return headers


def _next_link(call: Call, cursor: str) -> Header:
    """RFC 8288: the same request from where this page ended."""
    query: bytes = call.scope["query_string"]
    pairs = [pair for pair in query.split(b"&") if pair.partition(b"=")[0] not in _PLACES]
    pairs.append(b"cursor=" + cursor.encode("ascii"))
    return b"link", b'<%b?%b>; rel="next"' % (call.path.encode("ascii"), b"&".join(pairs))
