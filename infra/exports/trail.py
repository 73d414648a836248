"""A workspace's events with their places in its chain, as the record has them beside the log."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final, LiteralString

from domain.values.frozen import dataclass
from infra.event_store.rows import COLUMNS, StoredRow
from infra.postgres.pool import Pool
from infra.postgres.scoped import fetch_scoped
from infra.tasks import cancelled

_READ_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024

_PLACE: Final[LiteralString] = (
    "SELECT position, link FROM record.entries WHERE workspace_id = %s AND count = %s"
)
# Of these places no more than so many bytes, but always the first.
_BATCH: Final[LiteralString] = f"""
SELECT count, link, {COLUMNS} FROM (
    SELECT n.count, n.link, e.*,
        sum(octet_length(e.payload) + octet_length(e.metadata)) OVER (ORDER BY n.count) AS upto,
        row_number() OVER (ORDER BY n.count) AS nth
    FROM record.entries n JOIN log.events e ON e.position = n.position
    WHERE n.workspace_id = %s AND n.count BETWEEN %s AND %s
) summed WHERE nth = 1 OR upto <= %s ORDER BY count
"""
_POSITION_AT: Final[LiteralString] = (
    "SELECT log.position_at(timestamptz 'epoch' + %s * interval '1 microsecond', %s, %s::text)"
)


class TrailBroken(Exception):
    """The log does not hold what was once sealed; the message says where."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands in its workspace's chain, and in the log."""

    count: int
    position: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and its place; `link` is the chain's value after it."""

    count: int
    link: bytes
    row: StoredRow


class Trail:
    """The chain of one workspace, read in short transactions that see nothing else."""

    def __init__(self, pool: Pool, workspace_id: str) -> None:
        self._pool = pool
        self.workspace_id = workspace_id

    async def place(self, count: int) -> Place:
        """Raises TrailBroken where the record has none."""
        async with self._pool.connection() as connection:
            rows = await fetch_scoped(
                connection, (self.workspace_id,), _PLACE, (self.workspace_id, count)
            )
        if not rows:
            raise TrailBroken(f"the record of {self.workspace_id} has no event number {count}")
        position, link = rows[0]
        return Place(count, position, bytes(link))

    async def count_upto(self, position: int, most: int) -> int:
        """How many of its first `most` events stand at or before a position."""
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            if (await self.place(middle)).position <= position:
                low = middle
            else:
                high = middle - 1
        return low

    async def position_at(self, moment: int, *, inclusive: bool) -> int:
        """The last position that the workspace had recorded before a moment (microseconds since
        1970), or at it too where that is `inclusive`."""
        asked = (moment, inclusive, self.workspace_id)
        async with self._pool.connection() as connection:
            rows = await fetch_scoped(connection, (), _POSITION_AT, asked)
        position: int = rows[0][0]
        return position

    async def batches(self, first: int, last: int) -> AsyncGenerator[list[Entry]]:
        """The events numbered `first` to `last`, in order, some at a time. Raises TrailBroken
        where one is not there."""
        coming = asyncio.ensure_future(self._batch(first, last))
        try:
            while first <= last:
                entries = await coming
                for expected, entry in enumerate(entries, first):
                    if entry.count != expected:
                        raise await self._gone(expected)
                if not entries:
                    raise await self._gone(first)
                first = entries[-1].count + 1
                # Read while the others are worked on.
                coming = asyncio.ensure_future(self._batch(first, last))
                yield entries
        finally:
            await cancelled(coming)

    async def _batch(self, first: int, last: int) -> list[Entry]:
        last = min(last, first + _READ_AT_ONCE - 1)
        if last < first:
            return []
        async with self._pool.connection() as connection:
            rows = await fetch_scoped(
                connection,
                (self.workspace_id,),
                _BATCH,
                (self.workspace_id, first, last, _BYTES_AT_ONCE),
            )
        return [Entry(count, bytes(link), StoredRow(*row)) for count, link, *row in rows]

    async def _gone(self, count: int) -> TrailBroken:
        position = (await self.place(count)).position
        return TrailBroken(f"position {position:,}, which was sealed, is gone from the log")
