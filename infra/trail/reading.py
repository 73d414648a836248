"""Pages of a workspace's trail: places from the view, events from the log, whole."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from domain.review.state import Reviews
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from infra.event_store.codec import Codec
from infra.event_store.decoder import RowDecoder
from infra.event_store.store import PostgresEventStore
from infra.keys.aliases import Aliases
from infra.postgres.views.cursors import CursorCodec, Int64
from infra.postgres.views.directory import Directory
from infra.postgres.views.trail_queries import Span, TrailQueries
from infra.trail.shown import shown
from projections.trail_query import TrailFilter

_MOST_BYTES: Final = 8 * 1024 * 1024
_SEAL_BYTES: Final = 16
_CURSORS: Final = CursorCodec("trail", Int64, Int64, bytes)


@dataclass(frozen=True, slots=True)
class Walk:
    """What one person asks of the trail of one workspace, by the parameters of the request."""

    user_id: str
    workspace_id: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Events as JSON, in the order of the log. It may be short, and have more behind it
    (`after`), where much had to be looked at. The walk ends at `upto`; the view was at
    `position`."""

    events: tuple[bytes, ...]
    after: int
    has_more: bool
    upto: int
    position: int
    stale: tuple[str, ...] = ()


class Trail:
    """`secret` seals cursors: a page that is not asked for the first time is not recorded again,
    so where it goes on must be what somebody was given by a first one."""

    def __init__(
        self,
        queries: TrailQueries,
        store: PostgresEventStore,
        directory: Directory,
        aliases: Aliases,
        secret: bytes,
    ) -> None:
        self._queries = queries
        self._store = store
        self._directory = directory
        self._aliases = aliases
        self._secret = secret
        self._decoder = RowDecoder(Codec(), store.ring)

    async def page(
        self, workspace_id: str, asked: TrailFilter, after: int, limit: int, skip: int = 0
    ) -> TrailPage:
        """What comes next of what is asked for, but for the first `skip`. `asked.addresses` are
        addresses."""
        asked = self._aliased(asked)
        _, after = await self._passed(workspace_id, asked, after, skip)
        places = await self._queries.places(workspace_id, asked, after, limit)
        after, has_more = places.after, places.has_more
        events: tuple[bytes, ...] = ()
        if places.positions:
            rows, are_all = await self._store.read_at(
                (workspace_id, SYSTEM_WORKSPACE), places.positions, _MOST_BYTES
            )
            if not are_all:
                after, has_more = rows[-1].position, True
            legible = await self._decoder.decode_legible(rows, addresses=str)
            actors = {each.stamp.actor for _, each in legible if each is not None}
            names = await self._directory.names(actors)
            events = tuple([shown(row, recorded, names) for row, recorded in legible])
        return TrailPage(events, after, has_more, places.upto, places.position, places.stale)

    async def count(self, workspace_id: str, asked: TrailFilter, most: int) -> int:
        """How many there are of what is asked for, counted up to `most`."""
        count, _ = await self._passed(workspace_id, self._aliased(asked), 0, most)
        return count

    async def span(self, workspace_id: str, since: datetime | None, until: datetime | None) -> Span:
        """The first position that was recorded then or later, and the last that was by then."""
        return await self._queries.span(workspace_id, since, until)

    async def unreviewed(
        self, reviews: Reviews | None, workspace_id: str
    ) -> tuple[int, datetime] | None:
        """The first event of a workspace that nobody has reviewed, and when it was recorded; None
        where there is none. Reviews themselves need none."""
        after = 0
        spans = () if reviews is None else reviews.reviewed
        while True:
            found = await self._queries.next_of_others(workspace_id, after)
            if found is None:
                return None
            within = next((last for first, last in spans if first <= found[0] <= last), None)
            if within is None:
                return found
            after = within

    def cursor(self, walk: Walk, page: TrailPage) -> str | None:
        """Where the walk goes on after a page; None at its end."""
        if not page.has_more:
            return None
        log_id = str(self._store.log_id)
        seal = self._seal(walk, page.after, page.upto)
        return _CURSORS.encode(log_id, (page.after, page.upto, seal))

    def place(self, walk: Walk, cursor: str) -> tuple[int, int]:
        """After which position the walk goes on, and where it ends. Raises Invalid for a cursor
        that this walk was not given."""
        log_id = str(self._store.log_id)
        after, upto, seal = _CURSORS.decode(log_id, cursor)
        if not hmac.compare_digest(seal, self._seal(walk, after, upto)):
            raise _CURSORS.malformed()
        return after, upto

    def _aliased(self, asked: TrailFilter) -> TrailFilter:
        named = tuple(self._aliases.of(each) for each in asked.addresses)
        return replace(asked, addresses=named)

    async def _passed(
        self, workspace_id: str, asked: TrailFilter, after: int, most: int
    ) -> tuple[int, int]:
        """How many are met on the way from a position, up to `most`; and how far that leads."""
        count, has_more = 0, True
        while has_more and count < most:
            places = await self._queries.places(workspace_id, asked, after, most - count)
            count, after = count + len(places.positions), places.after
            has_more = places.has_more
        return count, after

    def _seal(self, walk: Walk, after: int, upto: int) -> bytes:
        said = msgspec.json.encode(
            (walk.user_id, walk.workspace_id, sorted(walk.said.items()), after, upto)
        )
        return hmac.digest(self._secret, said, hashlib.sha256)[:_SEAL_BYTES]
