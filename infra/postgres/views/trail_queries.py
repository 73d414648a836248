"""Questions to the trail: where the events are that a filter asks for, in the log's order.

Each filter has an index in that order, or the log has one. With several filters the one that
leaves least is walked along and the others sieve what it gives. How much is looked at for one
answer is bounded, so it is quick whatever is asked; where filters are wide that hardly ever meet,
an answer may be empty and have more behind it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.trail import REVIEW, TRAIL_VIEW, WATCHING, type_code
from projections.trail_query import TrailFilter, TrailPlaces

from .pointers import Pointers
from .reader import ViewReader
from .waiting import ViewWaiter

# How many rows are looked at for one answer: a few, and where these are not enough so many; and
# how far ahead ways are compared.
_LOOKED_AT: Final = (2_000, 20_000)
_COMPARED: Final = 3_000

_BOUNDS: Final = """
SELECT v.here, v.parked,
    least(
        v.here, %(last)s::bigint,
        CASE WHEN %(until)s::timestamptz IS NOT NULL
            THEN log.position_at(%(until)s::timestamptz, true, %(workspace_id)s::text) END
    ),
    greatest(
        %(after)s::bigint, %(first)s::bigint - 1,
        CASE WHEN %(since)s::timestamptz IS NOT NULL
            THEN log.position_at(%(since)s::timestamptz, false, %(workspace_id)s::text) END
    )
FROM (SELECT coalesce({position}, 0) AS here, {parked} AS parked) AS v
"""


@dataclass(frozen=True, slots=True)
class _Way:
    """One filter as a walk in the order of positions: its values (`v`), the rows of one of them as
    SQL, and the condition with which it sieves the rows of another (`t`)."""

    name: str
    values: str
    rows: str
    sieve: str


_SPAN: Final = "t.position > %(after)s::bigint AND t.position <= %(upto)s::bigint"
_OF_VIEW: Final = (
    "SELECT t.* FROM {{trail_events}} AS t WHERE t.workspace_id = %(workspace_id)s"
    f" AND {{condition}} AND {_SPAN} ORDER BY t.position"
)


def _values_sql(name: str, kind: str) -> str:
    return f"unnest(%({name})s::{kind}[]) WITH ORDINALITY AS v(value, way)"


def _by(name: str, column: str, kind: str) -> _Way:
    return _Way(
        name,
        _values_sql(name, kind),
        _OF_VIEW.format(condition=f"t.{column} = v.value"),
        f"t.{column} = ANY (%({name})s::{kind}[])",
    )


# A stream's own index has its events in order; of the view it would be one more to keep. OFFSET 0:
# one look-up an event, where a plan for many would go through all of the view.
_STREAMS: Final = _Way(
    "streams",
    _values_sql("streams", "text"),
    "SELECT t.* FROM (SELECT t.position FROM log.events AS t WHERE t.stream = v.value"
    f" AND {_SPAN} ORDER BY t.version OFFSET 0) AS e CROSS JOIN LATERAL (SELECT t.*"
    " FROM {trail_events} AS t WHERE t.workspace_id = %(workspace_id)s"
    " AND t.position = e.position OFFSET 0) AS t",
    "EXISTS (SELECT FROM log.events AS e WHERE e.position = t.position"
    " AND e.stream = ANY (%(streams)s::text[]))",
)
_WAYS: Final = (
    _STREAMS,
    _by("addresses", "address", "bytea"),
    _by("key_ids", "key_id", "text"),
    _by("actors", "actor_id", "text"),
    _by("types", "type_code", "integer"),
)
_ALL: Final = _Way("", "(SELECT 1 AS way) AS v", _OF_VIEW.format(condition="true"), "true")


_SPAN_OF: Final = """
SELECT CASE WHEN %(since)s::timestamptz IS NOT NULL
        THEN log.position_at(%(since)s::timestamptz, false, %(workspace_id)s::text) + 1 END,
    CASE WHEN %(until)s::timestamptz IS NOT NULL
        THEN log.position_at(%(until)s::timestamptz, true, %(workspace_id)s::text) END
"""
_NEXT: Final = """
SELECT t.position, log.recorded_at(t.position) FROM {trail_events} AS t
WHERE t.workspace_id = %(workspace_id)s AND t.position > %(after)s::bigint
    AND t.type_code <> ALL (%(reviews)s::integer[])
ORDER BY t.position LIMIT 1
"""
_FIRST_ACT: Final = """
SELECT {position}, (
    SELECT t.position FROM {trail_events} AS t
    WHERE t.actor_id = %(actor)s AND t.workspace_id = %(workspace_id)s
        AND t.position >= %(first)s::bigint AND t.position <= %(last)s::bigint
        AND t.type_code <> ALL (%(besides)s::integer[])
    ORDER BY t.position LIMIT 1
)
"""

Span = tuple[int | None, int | None]


class TrailQueries:
    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, TRAIL_VIEW)

    async def places(
        self, workspace_id: str, asked: TrailFilter, after: int, most: int
    ) -> TrailPlaces:
        """The next of a workspace after a position, `most` of them at most."""
        scope = (workspace_id,)
        params = {
            "workspace_id": workspace_id,
            "after": after,
            "first": asked.first,
            "last": asked.last,
            "since": asked.since,
            "until": asked.until,
            "most": most + 1,
        }
        bounds = await self._reader.fetch(scope, _BOUNDS, params)
        here, parked, upto, begin = bounds[0]
        stale = await self._reader.stale(scope) if parked else ()
        whole = TrailPlaces((), upto, False, upto, here, stale)
        if upto <= begin:
            return whole
        values = _values(asked)
        params |= {"after": begin, "upto": upto, **values}
        ways = [way for way in _WAYS if values[way.name]]
        way = ways[0] if ways else _ALL
        if len(ways) > 1:
            way = await self._narrowest(scope, ways, params)
        sieves = [each.sieve for each in ways if each is not way]
        among = max(1, len(values.get(way.name, ())))
        steps = [max(1, step // among) for step in _LOOKED_AT] if sieves else [most + 1]
        found, end = None, None
        for step in steps:
            params["looked_at"] = step
            rows = await self._reader.fetch(scope, _page(way, sieves), params)
            found, end = rows[0]
            if end is None or len(found or ()) > most:
                break
        positions = tuple(found or ())
        if len(positions) > most:
            positions = positions[:most]
            return replace(whole, positions=positions, after=positions[-1], has_more=True)
        return replace(whole, positions=positions, after=end or upto, has_more=end is not None)

    async def span(self, workspace_id: str, since: datetime | None, until: datetime | None) -> Span:
        """The first position that was recorded then or later, and the last that was by then."""
        asked = {"since": since, "until": until, "workspace_id": workspace_id}
        rows = await self._reader.fetch((workspace_id,), _SPAN_OF, asked)
        first, last = rows[0]
        return first, last

    async def next_of_others(self, workspace_id: str, after: int) -> tuple[int, datetime] | None:
        """The first event after a position that is no review, and when it was recorded."""
        params = {
            "workspace_id": workspace_id,
            "after": after,
            "reviews": [type_code(REVIEW)],
        }
        rows = await self._reader.fetch((workspace_id,), _NEXT, params)
        return rows[0] if rows else None

    async def _narrowest(
        self, scope: tuple[str, ...], ways: list[_Way], params: dict[str, object]
    ) -> _Way:
        """The way with the fewest rows, as far as it is worth comparing."""
        counted = ", ".join(
            f"(SELECT count(*) FROM (SELECT FROM {way.values} CROSS JOIN LATERAL"
            f" ({way.rows} LIMIT {_COMPARED}) AS t LIMIT {_COMPARED}) AS counted)"
            for way in ways
        )
        rows = await self._reader.fetch(scope, f"SELECT {counted}", params)
        counts = dict(zip(ways, rows[0], strict=True))
        return min(ways, key=counts.__getitem__)


class ViewTrailReader:
    """Implements commands.ports.TrailReader over the view of the trail."""

    def __init__(self, pool: Pool, pointers: Pointers, waiter: ViewWaiter) -> None:
        self._reader = ViewReader(pool, pointers, TRAIL_VIEW)
        self._waiter = waiter

    async def first_act(
        self, workspace_id: str, actor_id: str, first: int, last: int
    ) -> int | None:
        async def ask() -> _Seen:
            params = {
                "workspace_id": workspace_id,
                "actor": actor_id,
                "first": first,
                "last": last,
                "besides": [type_code(each) for each in WATCHING],
            }
            rows = await self._reader.fetch((workspace_id,), _FIRST_ACT, params)
            return _Seen(rows[0][0] or 0, rows[0][1])

        return (await self._waiter.at_least(TRAIL_VIEW, last, ask)).act


@dataclass(frozen=True, slots=True)
class _Seen:
    position: int
    act: int | None


def _page(way: _Way, sieves: list[str]) -> str:
    """The positions that are left, and up to where everything was looked at (null: to the end)."""
    conditions = " AND ".join(["t.position <= e.upto", *sieves])
    return (
        f"WITH walked AS MATERIALIZED (SELECT t.*, v.way FROM {way.values}"
        f" CROSS JOIN LATERAL ({way.rows} LIMIT %(looked_at)s) AS t),"
        " ended AS (SELECT min(w.last) AS last FROM (SELECT max(position) AS last FROM walked"
        " GROUP BY way HAVING count(*) = %(looked_at)s) AS w)"
        " SELECT array(SELECT t.position FROM walked AS t,"
        " (SELECT coalesce(last, %(upto)s::bigint) AS upto FROM ended) AS e"
        f" WHERE {conditions} ORDER BY t.position LIMIT %(most)s), (SELECT last FROM ended)"
    )


def _values(asked: TrailFilter) -> dict[str, list[object]]:
    return {
        "streams": list(asked.streams),
        "addresses": [bytes.fromhex(each) for each in asked.addresses],
        "key_ids": list(asked.key_ids),
        "actors": list(asked.actors),
        "types": [type_code(each) for each in asked.types],
    }
