"""Questions to the view of activity: feeds of a task, a project, a workspace and of a person."""

from typing import Final

from domain.errors import invalid
from infra.postgres.pool import Pool
from projections.activity import ACTIVITY_VIEW, ActivityFilter
from projections.questions import MOST_ROWS_DEEP, Listing, Page, Scope
from projections.typeids import place_of

from .cursors import CursorCodec, Int16, Int64
from .feed_paths import Walk, next_rows, time_bounds
from .lists import COUNTED_EXACTLY, DOCS_TOGETHER, Order, listing_of
from .pointers import Pointers
from .reader import MOST_AT_ONCE, Parameters, Question, ViewReader

_PLACE: Final = (("t.position", "bigint"), ("t.ordinal", "smallint"))
_NEWEST_FIRST: Final = Order(_PLACE, True, CursorCodec("activity", Int64, Int16))
_OLDEST_FIRST: Final = Order(_PLACE, False, CursorCodec("activity asc", Int64, Int16))
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
    ) -> Listing:
        """A page of the entries that the scope shows, newest first where not otherwise asked.

        Raises Invalid for a cursor that is not of this list in this order, for the id of no entry,
        and for a place too deep.
        """
        page = page or Page()
        order = _OLDEST_FIRST if oldest_first else _NEWEST_FIRST
        params = Parameters()
        bounds = time_bounds(scope, asked, params)
        total = "NULL::bigint"
        if page.total:
            most = COUNTED_EXACTLY + 1
            counted = Walk(order.descending, tuple(bounds), str(most), most)
            rows = next_rows(scope, asked, counted, params)
            total = f"(SELECT count(*) FROM ({rows}) AS counted)"
        place = self._place(order, page)
        if place is not None:
            bounds.append(order.after(place, params))
        limit = params.add("integer", page.limit)
        skip = params.add("integer", page.skip) if page.skip else "0"
        walk = Walk(
            order.descending,
            tuple(bounds),
            f"({limit} + {skip} + 1)",
            _CAP + (MOST_ROWS_DEEP if page.skip else 0),
        )
        found = next_rows(scope, asked, walk, params)
        sql = (
            "SELECT string_agg(r.doc, ','::bytea ORDER BY r.n)"
            f" FILTER (WHERE r.n <= {limit}), count(*), {total}, {{position}}, {{parked}},"
            f" (array_agg(r.position) FILTER (WHERE r.n = {limit}))[1],"
            f" (array_agg(r.ordinal) FILTER (WHERE r.n = {limit}))[1] FROM ("
            " SELECT t.doc, p.position, p.ordinal, p.n FROM ("
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
        return listing_of(row, self._log_id, order, page.limit, stale)

    def _place(self, order: Order, page: Page) -> tuple[int, int] | None:
        """Where the page begins: an entry's id says itself where it stands."""
        if page.skip > MOST_ROWS_DEEP:
            raise invalid(
                "/query/skip", f"At most {MOST_ROWS_DEEP} rows deep; go on with a cursor."
            )
        if page.cursor is not None:
            position, ordinal = order.cursors.decode(self._log_id, page.cursor)
            return position, ordinal
        if page.after_id is None:
            return None
        place = place_of(page.after_id)
        if place is None or place[1] >= 2**15:
            raise invalid("/query/last_id", "This is no id of an activity.", "malformed")
        return place
