"""Questions to the view of activity: feeds of a task, a project, a workspace and of a person."""

from datetime import datetime
from typing import Any, Final

from domain.errors import invalid
from infra.postgres.pool import Pool
from projections.activity import ACTIVITY_VIEW, ActivityFilter
from projections.questions import MOST_ROWS_DEEP, Listing, Page, Scope
from projections.typeids import place_of

from .cursors import CursorCodec, Int16, Int64
from .feed_paths import Walk, happened_bounds, next_rows, time_bounds
from .lists import COUNTED_EXACTLY, DOCS_TOGETHER, Order, listing_of
from .pointers import Pointers
from .reader import MOST_AT_ONCE, Parameters, Question, ViewReader

_PLACE: Final = (("t.position", "bigint"), ("t.ordinal", "smallint"))
_NEWEST_FIRST: Final = Order(_PLACE, True, CursorCodec("activity", Int64, Int16))
_OLDEST_FIRST: Final = Order(_PLACE, False, CursorCodec("activity asc", Int64, Int16))
_HAPPENED: Final = (("t.happened_at", "timestamptz"), *_PLACE)
_HAPPENED_VALUES: Final = (datetime | None, Int64, Int16)
_LATEST_FIRST: Final = Order(_HAPPENED, True, CursorCodec("happened", *_HAPPENED_VALUES))
_EARLIEST_FIRST: Final = Order(_HAPPENED, False, CursorCodec("happened asc", *_HAPPENED_VALUES))
_NOTHING_HAPPENED: Final = (
    "SELECT t.workspace_id, t.happened_at, t.position, t.ordinal FROM {activity_entries} AS t"
    " WHERE false"
)
# The longest page, and the row that says whether there is more.
_CAP: Final = 1_001


class ActivityQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, ACTIVITY_VIEW)
        self._log_id = log_id

    async def list(
        self,
        scope: Scope,
        asked: ActivityFilter,
        page: Page | None = None,
        *,
        oldest_first: bool = False,
        mark: str | None = None,
    ) -> Listing:
        """A page of the entries that the scope shows, newest first where not otherwise asked.
        `mark` stands for the log in the cursors of a moment, and tells them from all others.

        Raises Invalid for a cursor that is not of this list in this order, for the id of no entry,
        and for a place too deep.
        """
        page = page or Page()
        mark = mark or self._log_id
        params = Parameters()
        order = _order(asked, oldest_first)
        place = _place(order, page, mark)
        total = "NULL::bigint"
        if page.total:
            most = COUNTED_EXACTLY + 1
            counted = _next(scope, asked, order, None, params, str(most), most)
            total = f"(SELECT count(*) FROM ({counted}) AS counted)"
        limit = params.add("integer", page.limit)
        skip = params.add("integer", page.skip) if page.skip else "0"
        cap = _CAP + (MOST_ROWS_DEEP if page.skip else 0)
        found = _next(scope, asked, order, place, params, f"({limit} + {skip} + 1)", cap)
        columns = [column.removeprefix("t.") for column, _ in order.columns]
        keys = ", ".join(f"p.{column}" for column in columns)
        last = ", ".join(
            f"(array_agg(r.{column}) FILTER (WHERE r.n = {limit}))[1]" for column in columns
        )
        sql = (
            "SELECT string_agg(r.doc, ','::bytea ORDER BY r.n)"
            f" FILTER (WHERE r.n <= {limit}), count(*), {total}, {{position}}, {{parked}},"
            f" {last} FROM (SELECT t.doc, {keys}, p.n FROM ("
            f" SELECT f.*, row_number() OVER () - {skip} AS n FROM ({found}) AS f) AS p"
            " JOIN {activity_entries} AS t USING (workspace_id, position, ordinal)"
            " WHERE p.n > 0) AS r"
        )
        row = await self._reader.ask(
            Question(
                sql,
                tuple(params.kinds),
                tuple(params.values),
                scope.tenants,
                max(1, min(MOST_AT_ONCE, DOCS_TOGETHER // page.limit)),
            )
        )
        stale = await self._reader.stale(scope.tenants) if row[4] else ()
        return listing_of(row, mark, order, page.limit, stale)


def _order(asked: ActivityFilter, oldest_first: bool) -> Order:
    if asked.happened_by is None:
        return _OLDEST_FIRST if oldest_first else _NEWEST_FIRST
    return _EARLIEST_FIRST if oldest_first else _LATEST_FIRST


def _next(
    scope: Scope,
    asked: ActivityFilter,
    order: Order,
    place: tuple[Any, ...] | None,
    params: Parameters,
    most: str,
    cap: int,
) -> str:
    """SQL that gives the keys of the rows behind a place, in their order, at most `most`."""
    if asked.happened_by is not None:
        return _next_happened(scope, asked, order, place, params, most, cap)
    bounds = time_bounds(scope, asked, params)
    if place is not None:
        bounds.append(order.after(place, params))
    return next_rows(scope, asked, Walk(order.descending, tuple(bounds), most, cap), params)


def _next_happened(
    scope: Scope,
    asked: ActivityFilter,
    order: Order,
    place: tuple[Any, ...] | None,
    params: Parameters,
    most: str,
    cap: int,
) -> str:
    """What has always been stands before all that has a time, and is looked for only where the
    page gets there: among many that came in with their times it would be found late."""
    timed, always = happened_bounds(asked, params)
    parts = []
    if place is not None and place[0] is not None:
        timed.append(order.after(place, params))
        always = always if order.descending else None
    elif place is not None and always is not None:
        always.append(_in_log(order).after(place[1:], params))
    if place is None or place[0] is not None or not order.descending:
        along = tuple(column.removeprefix("t.") for column, _ in _HAPPENED)
        walk = Walk(order.descending, tuple(timed), most, cap, along=along)
        parts.append(f"SELECT * FROM ({next_rows(scope, asked, walk, params)}) AS timed")
    if always is not None:
        walk = Walk(order.descending, tuple(always), most, cap)
        parts.append(
            "SELECT workspace_id, NULL::timestamptz AS happened_at, position, ordinal"
            f" FROM ({next_rows(scope, asked, walk, params)}) AS always"
        )
    if len(parts) < 2:
        return parts[0] if parts else _NOTHING_HAPPENED
    first, second = parts if order.descending else reversed(parts)
    way, nulls = ("DESC", "LAST") if order.descending else ("ASC", "FIRST")
    return (
        f"SELECT * FROM (WITH near AS MATERIALIZED ({first})"
        f" SELECT * FROM near UNION ALL SELECT * FROM ({second}) AS far"
        f" WHERE (SELECT count(*) FROM near) < {most}) AS every"
        f" ORDER BY happened_at {way} NULLS {nulls}, position {way}, ordinal {way} LIMIT {most}"
    )


def _in_log(order: Order) -> Order:
    return _NEWEST_FIRST if order.descending else _OLDEST_FIRST


def _place(order: Order, page: Page, mark: str) -> tuple[Any, ...] | None:
    """Where the page begins: an entry's id says itself where it stands in the log."""
    if page.skip > MOST_ROWS_DEEP:
        raise invalid("/query/skip", f"At most {MOST_ROWS_DEEP} rows deep; go on with a cursor.")
    if page.cursor is not None:
        return order.cursors.decode(mark, page.cursor)
    if page.after_id is None:
        return None
    if order.columns == _HAPPENED:
        detail = "An id does not say when it happened: go on with the cursor instead."
        raise invalid("/query/last_id", detail, "unknown")
    place = place_of(page.after_id)
    if place is None or place[1] >= 2**15:
        raise invalid("/query/last_id", "This is no id of an activity.", "malformed")
    return place
