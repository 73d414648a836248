"""Pages of the feed of changes: places from the view, events from the log, for one reader."""

import sys
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import field
from typing import Final

import structlog

from domain.errors import invalid
from domain.task.events import TaskMovedToProject
from domain.values.frozen import dataclass
from domain.values.ids import kind_of
from domain.values.recorded import Recorded
from infra.event_store.codec import Codec
from infra.event_store.decoder import RowDecoder
from infra.event_store.rows import StoredRow
from infra.event_store.store import PostgresEventStore
from infra.postgres.views.change_queries import ChangeQueries, Places
from infra.postgres.views.directory import Directory
from projections.questions import Scope

from .shown import MaySee, ids_named, shown, unreadable
from .told import class_of, is_known

_AT_LEAST: Final = 100
_SIFTED: Final = 1_000
_MOST_SECONDS: Final = 2.0
_MOST_BYTES: Final = 8 * 1024 * 1024
# Whose own id says what they are about: what cannot be read of others is not shown at all.
_SAYS_ITSELF: Final = frozenset({"task", "proj", "labels", "ws"})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """`types`: the classes of events that are wanted."""

    workspace_id: str
    after: int
    limit: int
    types: frozenset[type]
    sifted: bool


@dataclass(slots=True)
class ChangePage:
    """Events as JSON, in order, and where to go on. It is short only where the feed ends (`upto`),
    or else where so much was looked at, or so many bytes came together, that the rest is for the
    next question. `position`: what the view had at least whenever it was asked what may be seen;
    `stale`: streams at which the feed stops."""

    events: list[bytes] = field(default_factory=list)
    next_after: int = 0
    upto: int = 0
    position: int = sys.maxsize
    stale: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    """One event before it is rendered; `recorded` None: it cannot be read."""

    row: StoredRow
    recorded: Recorded | None
    whole: bool


@dataclass(frozen=True, slots=True)
class _Read:
    """What was found, which is all that is wanted `upto` there. `stopped`: nobody gets further."""

    found: list[_Found]
    upto: int
    stopped: bool = False


class ChangeFeed:
    def __init__(
        self, queries: ChangeQueries, store: PostgresEventStore, directory: Directory
    ) -> None:
        self._queries = queries
        self._store = store
        self._directory = directory
        self._decoder = RowDecoder(Codec(), store.ring)

    async def page(self, scope: Scope, asked: Asked) -> ChangePage:
        """What comes next of all that the scope shows of one workspace.

        Raises Invalid for a position beyond the log's end.
        """
        until = time.monotonic() + _MOST_SECONDS
        page = ChangePage(next_after=asked.after)
        size = 0
        while True:
            wanted = asked.limit - len(page.events)
            # An event may have several rows: asking for a few more saves a second question.
            most = _SIFTED if asked.sifted else max(_AT_LEAST, min(2 * wanted, _SIFTED))
            places = await self._queries.after(scope, asked.workspace_id, page.next_after, most)
            if asked.after > places.head:
                detail = f"The log ends at {places.head}; X-Log-Id says which log that is."
                raise invalid("/query/after", detail, "out-of-range")
            page.position, page.upto = min(page.position, places.position), places.upto
            read = await self._read(asked, places, _MOST_BYTES - size)
            kept = read.found[:wanted]
            for rendered in await self._rendered(scope, kept):
                page.events.append(rendered)
                size += len(rendered)
            full = len(page.events) >= asked.limit
            page.next_after = kept[-1].row.position if full else max(page.next_after, read.upto)
            done = full or read.stopped or page.next_after >= places.upto
            if done or size >= _MOST_BYTES or time.monotonic() > until:
                break
        if places.parked and page.next_after >= places.upto:
            page.stale = await self._queries.parked(scope)
        return page

    async def _read(self, asked: Asked, places: Places, most_bytes: int) -> _Read:
        if not places.positions:
            return _Read([], places.upto)
        whole = dict(places.positions)
        rows, are_all = await self._store.read_at(
            (asked.workspace_id,), list(whole), max(1, most_bytes)
        )
        if not are_all:
            upto = rows[-1].position
        else:
            upto = places.upto if places.are_all else places.positions[-1][0]
        unknown = next((row for row in rows if not is_known(row.type)), None)
        if unknown is not None:
            # Newer code wrote it, and newer code will tell it: this process must not pass it.
            _log.warning("feed_stops", type=unknown.type, position=unknown.position)
            upto = unknown.position - 1
        told = [row for row in rows if row.position <= upto and class_of(row.type) in asked.types]
        found = [
            _Found(row, recorded, whole[row.position])
            for row, recorded in await self._decoded(told)
        ]
        return _Read(found, upto, stopped=unknown is not None)

    async def _decoded(self, rows: Sequence[StoredRow]) -> list[tuple[StoredRow, Recorded | None]]:
        return [
            (row, recorded)
            for row, recorded in await self._decoder.decode_legible(rows)
            if recorded is not None or kind_of(row.stream) in _SAYS_ITSELF
        ]

    async def _rendered(self, scope: Scope, found: Iterable[_Found]) -> list[bytes]:
        readable = [each.recorded for each in found if each.recorded is not None]
        names = await self._directory.names({each.stamp.actor for each in readable})
        may_see = await self._may_see(scope, readable)
        rendered = []
        for each in found:
            if each.recorded is None:
                rendered.append(unreadable(each.row))
                continue
            whole = each.whole or type(each.recorded.event) is not TaskMovedToProject
            rendered.append(shown(each.recorded, names, may_see, whole=whole))
        return rendered

    async def _may_see(self, scope: Scope, events: Collection[Recorded]) -> MaySee | None:
        if not scope.hidden and not scope.projects:
            return None
        named = {each for recorded in events for each in ids_named(recorded)}
        tasks = {each for each in named if each.startswith("task_")}
        where = await self._queries.projects(scope, tasks) if tasks else {}
        hidden, mine = frozenset(scope.hidden), frozenset(scope.projects)
        whole = bool(scope.workspaces)

        def may_see(id_: str) -> bool:
            project = where.get(id_) if id_.startswith("task_") else id_
            if project is None:
                return False
            return project in mine or (whole and project not in hidden)

        return may_see
