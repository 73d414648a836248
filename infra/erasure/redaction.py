"""Takes what was erased out of the rows of a view that answers, and leaves all others alone."""

import asyncio
from collections.abc import Sequence
from copy import copy
from typing import Any, Final

import structlog

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.erasure import index
from infra.erasure.stand_ins import with_stand_ins
from infra.erasure.traces import Telling, Traces
from infra.postgres.pool import Connection
from infra.processes import dead_letters, generations
from infra.processes.build import BuildRunning, build_lock
from infra.processes.folding import fold
from infra.processes.generations import Generation
from infra.processes.kept_rows import NO_LIMITS
from infra.processes.rows import Asked, RowStore
from infra.processes.sessions import Sessions
from projections.projection import Finish, Key, Projection, Table
from projections.search import SEARCH_VIEW

_CHUNK: Final = 500
_ROWS_AT_ONCE: Final = 5_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Redacted:
    """`rows`: how many were changed. `position`: how far the view was then."""

    rows: int
    position: int


class Redaction:
    """Of one generation of a view, while it is written on.

    What is told of the texts is folded twice in memory: as it can be read now, and as if another
    text stood in the place of each one that was erased. Rows in which the two differ are made of a
    text; of such a row in the view those columns are replaced that differ, by what can be read now.
    The others, which may follow from what was not folded here, stay as they are.
    """

    def __init__(
        self, projection: Projection, generation: Generation, traces: Traces, telling: Telling
    ) -> None:
        self._projection = projection
        self._generation = generation
        self._traces = traces
        self._telling = telling
        self._right = RowStore(projection, generation, NO_LIMITS, empty=True)
        self._other = RowStore(projection, generation, NO_LIMITS, empty=True)
        self._parked_from: dict[str, int] = {}
        self._folded = 0

    async def run(self, sessions: Sessions) -> Redacted:
        """Raises BuildRunning, and whatever a fold or PostgreSQL raises; then nothing was done."""
        projection, generation = self._projection, self._generation
        async with sessions.lead("redaction") as leadership:
            session = leadership.session
            if not await leadership.try_lead(build_lock(generation.name, generation.version)):
                raise BuildRunning(f"{projection.name} is being rebuilt or healed already")
            self._parked_from = await dead_letters.first_positions(session, generation)
            position = await generations.position_of(session, generation)
            await self._fold(await self._telling.upto(session, position), position)
            async with sessions.open("redaction-writer") as writer, writer.transaction():
                position = await generations.take_over(writer, generation)
                await self._fold(await self._telling.upto(writer, position), position)
                rows = await self._write(writer)
                if projection is SEARCH_VIEW:
                    await index.redact(writer, generation, sorted(self._traces.workspaces))
                await generations.note_redacted(writer, generation)
        log.info("view_redacted", view=str(generation), rows=rows)
        return Redacted(rows, position)

    async def _fold(self, events: Sequence[Recorded], position: int) -> None:
        projection, right, other = self._projection, self._right, self._other
        while self._folded < len(events):
            for recorded in events[self._folded : self._folded + _CHUNK]:
                if recorded.position > position:
                    return
                self._folded += 1
                parked_from = self._parked_from.get(recorded.stream)
                if parked_from is None or recorded.position < parked_from:
                    fold(projection, recorded, right)
                    fold(projection, with_stand_ins(recorded), other)
            await asyncio.sleep(0)

    async def _write(self, writer: Connection) -> int:
        keys = sorted(self._right.differing(self._other))
        count = 0
        for start in range(0, len(keys), _ROWS_AT_ONCE):
            live = RowStore(self._projection, self._generation, NO_LIMITS)
            asked = Asked()
            for name, key in keys[start : start + _ROWS_AT_ONCE]:
                asked.keys.setdefault(name, set()).add(key)
            await live.load(writer, asked)
            for name, key in keys[start : start + _ROWS_AT_ONCE]:
                self._replace(live, self._projection.table(name), key)
            changes = live.changes()
            await changes.write(writer)
            count += changes.rows
        return count

    def _replace(self, live: RowStore, table: Table, key: Key) -> None:
        present = live.get(table.name, *key)
        if present is None:
            return
        right, other = self._right.get(table.name, *key), self._other.get(table.name, *key)
        if right is None:
            live.delete(table.name, *key)
        elif other is None:
            live.put(table.name, right)
        else:
            finish = self._projection.finish.get(table.name)
            live.put(table.name, _redacted(table, finish, present, right, other))


def _redacted(table: Table, finish: Finish | None, present: Any, right: Any, other: Any) -> Any:
    """To be finished when it is written: what is computed of a row, from what the fold knows."""
    row, told = copy(right), copy(right)
    if finish is not None:
        finish(told)
        finish(other)
    for column in table.kept:
        if getattr(told, column) == getattr(other, column):
            setattr(row, column, getattr(present, column))
    return row
