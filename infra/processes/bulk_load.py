"""Brings the rows of one generation of a view to a position, folded in bulk from the log."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import field, replace

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.event_store.rows import StoredRow
from infra.postgres.pool import Connection
from infra.processes import careful, dead_letters, generations
from infra.processes.build_progress import Meter
from infra.processes.changes import Changes
from infra.processes.checkpoints import Checkpoint
from infra.processes.dead_letters import DeadLetter
from infra.processes.folding import concerns, fold
from infra.processes.generations import Generation
from infra.processes.kept_rows import RowLimits
from infra.processes.log import Log, Portion
from infra.processes.outages import is_fence, is_outage
from infra.processes.relevance import relevance
from infra.processes.rows import RowStore
from infra.processes.sessions import Sessions
from infra.tasks import cancelled
from projections.projection import Projection

CAREFUL_EVENTS = 500
# PostgreSQL has as much to do as we do, and waits for more of what is being copied: no more than
# a socket takes is sent before it is our turn again, which is a millisecond or two of folding.
FOLDED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """Events are read `chunk_events` at a time, and rows written when so many events, or bytes of
    them, were folded or so many rows, or bytes of them, changed: seldom, since a row that changes
    after it was written is written again. Of each table `kept` rows stay in memory, beyond which
    they are read again."""

    chunk_events: int = 1_000
    flush_events: int = 200_000
    flush_bytes: int = 32 * 1024 * 1024
    flush_rows: int = 20_000
    kept: RowLimits = field(default_factory=lambda: RowLimits(50_000, 64 * 1024 * 1024))

    def shared_by(self, loads: int) -> "BuildLimits":
        """Of each of so many loads that go on at once: all of them together keep no more."""
        return replace(
            self,
            flush_bytes=self.flush_bytes // loads,
            flush_rows=self.flush_rows // loads,
            kept=RowLimits(self.kept.rows // loads, self.kept.bytes // loads),
        )


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The events up to `last` that concern the view; `size` is that of all that were read."""

    last: int
    events: Sequence[Recorded]
    size: int


@dataclass(frozen=True, slots=True)
class _Flush:
    """Rows on their way into the database."""

    task: "asyncio.Task[None]"
    upto: int


class _Poisoned(Exception):
    """Something up to this position cannot be applied."""

    def __init__(self, upto: int) -> None:
        super().__init__(upto)
        self.upto = upto


class BulkLoad:
    """Rows are folded in memory while earlier ones are written. `position`: where `checkpoint` is;
    `began`: where the indexes and statistics are that stand. `takes`: whether events of a workspace
    are for this load; None: those of all are."""

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        store: Log,
        sessions: Sessions,
        limits: BuildLimits,
        meter: Meter,
        writer: Connection,
        reader: Connection,
        position: int,
        checkpoint: Checkpoint,
        parked: set[str],
        *,
        began: int | None = None,
        takes: Callable[[str], bool] | None = None,
    ) -> None:
        self._projection = projection
        self._generation = generation
        self._store = store
        self._sessions = sessions
        self._limits = limits
        self._meter = meter
        self._writer = writer
        self._reader = reader
        self.position = position
        self._checkpoint = checkpoint
        self._takes = takes
        self._parked = parked
        self._rows = self._row_store(empty=position == 0)
        self._relevant = relevance(projection)
        self._letters: list[DeadLetter] = []
        self._flush: _Flush | None = None
        self._began = position if began is None else began
        self._indexed = False

    async def load(self, target: int) -> None:
        """Bring rows and checkpoint to `target`. Of what cannot be written together one half is
        tried before the other, until no more than a chunk is left to go through carefully."""
        self._meter.begin(self.position, target)
        ends = [target]
        while self.position < target:
            try:
                await self._load_in_bulk(ends[-1])
            except _Poisoned as poisoned:
                self._letters, self._rows = [], self._row_store(empty=self.position == 0)
                left = poisoned.upto - self.position
                if left > self._limits.chunk_events:
                    ends += (poisoned.upto, self.position + left // 2)
                else:
                    await self._load_carefully(poisoned.upto)
            while ends[-1] <= self.position < target:
                ends.pop()

    async def finish(self) -> None:
        """Make the indexes that the bulk load left out, and tell the planner of what it wrote."""
        if self._indexed:
            return
        is_new = self.position > self._began
        if is_new or not await generations.is_indexed(
            self._writer, self._projection, self._generation
        ):
            async with self._sessions.open("build-indexes", statement_timeout_s=3600) as beside:
                await generations.hold_indexes(beside, self._generation)
                await generations.create_indexes(
                    self._projection, self._generation, self._writer, beside
                )
        self._indexed = True

    async def _load_in_bulk(self, target: int) -> None:
        folded = since = self.position
        size = 0
        try:
            async with aclosing(self._chunks(self.position, target)) as chunks:
                async for chunk in chunks:
                    await self._fold(chunk.events, chunk.last)
                    folded = chunk.last
                    size += chunk.size
                    self._meter.at(folded)
                    if (
                        folded - since >= self._limits.flush_events
                        or size >= self._limits.flush_bytes
                        or self._rows.changed >= self._limits.flush_rows
                        or self._rows.changed_bytes >= self._limits.flush_bytes
                    ):
                        await self._begin_flush(folded)
                        since, size = folded, 0
            await self._begin_flush(folded)
            await self._end_flush()
        except _Poisoned:
            await self._end_flush()
            raise
        finally:
            if self._flush is not None:
                await cancelled(self._flush.task)
                self._flush = None

    async def _chunks(self, after: int, target: int) -> AsyncGenerator[_Chunk, None]:
        """Each is read while the one before it is folded."""
        portion = Portion(self._limits.chunk_events)
        reading: asyncio.Task[_Chunk] | None = None
        try:
            while after < target or reading is not None:
                following = None
                if after < target:
                    first, after = after + 1, min(after + portion.events, target)
                    following = asyncio.create_task(self._read(first, after, portion))
                if reading is not None:
                    yield await reading
                reading = following
        finally:
            if reading is not None:
                await cancelled(reading)

    async def _read(self, first: int, last: int, portion: Portion) -> _Chunk:
        rows = await self._store.read_rows(first, last)
        portion.learn(rows)
        rows = self._taken(rows)
        size = sum(len(row.payload) for row in rows)
        try:
            events = await self._decode([row for row in rows if self._relevant(row.type)])
        except Exception as error:
            if is_outage(error):
                raise
            raise _Poisoned(last) from error
        return _Chunk(last, events, size)

    def _taken(self, rows: Sequence[StoredRow]) -> Sequence[StoredRow]:
        takes = self._takes
        return rows if takes is None else [row for row in rows if takes(row.workspace_id)]

    async def _decode(self, rows: Sequence[StoredRow]) -> list[Recorded]:
        events: list[Recorded] = []
        for first in range(0, len(rows), FOLDED_AT_ONCE):
            await asyncio.sleep(0)
            events += await self._store.decode(
                rows[first : first + FOLDED_AT_ONCE],
                aliases=self._projection.addresses,
                opens=self._projection.opens,
                unread=self._projection.unread,
            )
        return events

    async def _fold(self, events: Sequence[Recorded], upto: int) -> None:
        rows, projection, parked = self._rows, self._projection, self._parked
        if parked:
            self._letters += [
                dead_letters.behind(recorded)
                for recorded in events
                if recorded.stream in parked and concerns(projection, recorded)
            ]
            events = [recorded for recorded in events if recorded.stream not in parked]
        try:
            asked = rows.asked(events)
            if asked.scans:
                await self._end_flush()
                await self.finish()
            await rows.load(self._reader, asked)
            for first in range(0, len(events), FOLDED_AT_ONCE):
                await asyncio.sleep(0)
                for recorded in events[first : first + FOLDED_AT_ONCE]:
                    fold(projection, recorded, rows)
        except Exception as error:
            if is_outage(error) or is_fence(error) or isinstance(error, _Poisoned):
                raise
            raise _Poisoned(upto) from error

    async def _begin_flush(self, upto: int) -> None:
        try:
            changes = self._rows.changes(bulk=True)
        except Exception as error:
            if is_outage(error):
                raise
            raise _Poisoned(upto) from error
        letters, self._letters = self._letters, []
        await self._end_flush()
        self._rows.leave()
        self._flush = _Flush(asyncio.create_task(self._write(upto, changes, letters)), upto)

    async def _write(self, upto: int, changes: Changes, letters: Sequence[DeadLetter]) -> None:
        async with self._writer.transaction():
            await self._checkpoint.move(self._writer, self.position, upto)
            await changes.write(self._writer)
            await dead_letters.store(self._writer, self._generation, letters)

    async def _end_flush(self) -> None:
        flush, self._flush = self._flush, None
        if flush is None:
            return
        try:
            await flush.task
        except Exception as error:
            if is_outage(error) or is_fence(error):
                raise
            raise _Poisoned(flush.upto) from error
        self.position = flush.upto
        self._rows.committed()

    async def _load_carefully(self, upto: int) -> None:
        """From the checkpoint on, in small transactions, with nothing kept in memory."""
        while self.position < upto:
            last = min(self.position + CAREFUL_EVENTS, upto)
            rows = self._taken(await self._store.read_rows(self.position + 1, last))
            events = await careful.decode(self._store, rows, aliases=self._projection.addresses)
            parked = set(self._parked)
            async with self._writer.transaction():
                await self._checkpoint.move(self._writer, self.position, last)
                await careful.apply(
                    self._writer, self._projection, self._generation, parked, events
                )
            self._parked = parked
            self.position = last
            self._meter.at(last)
        self._rows = self._row_store(empty=False)

    def _row_store(self, *, empty: bool) -> RowStore:
        return RowStore(self._projection, self._generation, self._limits.kept, empty=empty)
