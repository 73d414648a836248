"""Replays a stream from the log: what each of its events made of the state before it."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from domain.aggregates import aggregate_of
from domain.record.disclosure import SealBroken
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.event_store.codec import Codec, Unreadable
from infra.event_store.decoder import RowDecoder
from infra.event_store.rows import StoredRow
from infra.event_store.store import PostgresEventStore


@dataclass(frozen=True, slots=True)
class Step:
    """One event and the states around it, None where there is none.

    `recorded` None: the row does not hold what was once written, and so has changed nothing that
    could be told; `whole` says that this has happened neither to it nor to any before it.
    """

    row: StoredRow
    recorded: Recorded | None
    before: Any
    after: Any
    whole: bool


class Replays:
    """From the log alone: no view is asked. From where people came is not opened."""

    def __init__(self, store: PostgresEventStore) -> None:
        self._store = store
        self._decoder = RowDecoder(Codec(), store.ring)

    async def steps(self, stream: str) -> AsyncIterator[Step]:
        """Every event of a stream, in order. Raises KeyError for what is no stream's id."""
        aggregate = aggregate_of(stream)
        state: Any = None
        whole = True
        async for rows in self._store.read_rows_of(stream):
            for row, recorded in zip(rows, await self._decoded(rows), strict=True):
                before = state
                if recorded is None:
                    whole = False
                else:
                    state = aggregate.evolve(state, recorded.event, recorded.stamp)
                yield Step(row, recorded, before, state, whole)

    async def _decoded(self, rows: Sequence[StoredRow]) -> Sequence[Recorded | None]:
        try:
            return await self._decoder.decode(rows)
        except (Unreadable, SealBroken):
            return [await self._one(row) for row in rows]

    async def _one(self, row: StoredRow) -> Recorded | None:
        try:
            (recorded,) = await self._decoder.decode([row])
        except (Unreadable, SealBroken):
            return None
        return recorded
