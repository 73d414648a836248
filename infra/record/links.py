"""Makes entries of events: each the next link of its workspace's chain."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from domain.record.encoding import NO_LINK, body_hash, envelope, leaf, link
from infra.event_store.rows import COLUMNS, StoredRow
from infra.postgres.pool import Connection
from infra.record import entries
from infra.record.entries import Entry, Head
from infra.record.refusal import Tampered
from infra.tasks import cancelled

KEPT = 100_000

_EVENTS = f"SELECT {COLUMNS} FROM log.events WHERE position BETWEEN %s AND %s ORDER BY position"

LeafAt = Callable[[int], Awaitable[bytes | None]]


class Chains:
    """Where chains stand, for as many workspaces as were met last."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._heads: OrderedDict[str, Head] = OrderedDict()

    def missing(self, rows: Iterable[StoredRow]) -> set[str]:
        """The workspaces of these events that have to be learnt before they are extended."""
        return {row.workspace_id for row in rows} - self._heads.keys()

    def learn(self, workspaces: Iterable[str], heads: Mapping[str, Head]) -> None:
        """Where these stand; a workspace that has no head has no event yet."""
        for workspace in workspaces:
            self._heads[workspace] = heads.get(workspace, (0, NO_LINK))

    def extend(self, rows: Sequence[StoredRow]) -> list[Entry]:
        """The entries of the next events of the log."""
        chains = self._heads
        made = []
        for row in rows:
            workspace = row.workspace_id
            count, before = chains[workspace]
            about = envelope(
                row.stream, row.version, row.type, row.recorded_at, row.number, row.metadata
            )
            body = body_hash(workspace, about, sha256(row.payload).digest())
            count += 1
            now = link(count, before, body)
            chains[workspace] = count, now
            made.append(Entry(workspace, count, row.position, now))
        for workspace in {row.workspace_id for row in rows}:
            chains.move_to_end(workspace)
        while len(chains) > self._kept:
            chains.popitem(last=False)
        return made


class Linker:
    """Links events in the order of the log, whether their entries are there already or not."""

    def __init__(self, session: Connection) -> None:
        self._session = session
        self._chains = Chains()

    async def fresh(self, rows: Sequence[StoredRow], leaf_at: LeafAt) -> list[Entry]:
        """The entries of events that have none yet, written. `leaf_at` gives what the tree holds
        at a position: on nothing else is a chain built. Raises Tampered."""
        unknown = self._chains.missing(rows)
        if unknown:
            last = await entries.last_of(self._session, unknown)
            for each in last:
                if await leaf_at(each.position) != leaf(each.position, each.link):
                    raise Tampered(each.position, "its entry is not the one that was sealed")
            heads = {each.workspace_id: (each.ordinal, each.link) for each in last}
            self._chains.learn(unknown, heads)
        made = self._chains.extend(rows)
        await entries.write(self._session, made)
        return made

    async def known(self, rows: Sequence[StoredRow]) -> list[Entry]:
        """The entries of events that have theirs, as they have to be. Raises Tampered where they
        are others."""
        there = await entries.between(self._session, rows[0].position, rows[-1].position)
        fitting = 0
        for row, entry in zip(rows, there, strict=False):
            if (row.position, row.workspace_id) != (entry.position, entry.workspace_id):
                break
            fitting += 1
        # What is wrong before it is wrong first.
        await self._compare(rows[:fitting], there[:fitting])
        if fitting < len(rows):
            raise Tampered(rows[fitting].position, "its entry is not there")
        return there

    async def _compare(self, rows: Sequence[StoredRow], there: Sequence[Entry]) -> None:
        unknown = self._chains.missing(rows)
        if unknown:
            before = {
                entry.workspace_id: entry.ordinal - 1
                for entry in reversed(there)
                if entry.workspace_id in unknown
            }
            asked = {workspace: count for workspace, count in before.items() if count > 0}
            self._chains.learn(unknown, await entries.links(self._session, asked))
        for made, entry in zip(self._chains.extend(rows), there, strict=True):
            if made != entry:
                raise Tampered(made.position, "the event is not the one that was sealed")


async def read_events(connection: Connection, first: int, last: int) -> list[StoredRow]:
    """The events of these positions, both included, as far as the log goes. Raises Tampered where
    one is missing before others."""
    cursor = await connection.execute(_EVENTS, (first, last), binary=True)
    rows = [StoredRow(*row) for row in await cursor.fetchall()]
    if rows and rows[-1].position != first + len(rows) - 1:
        wrong = next(n for n, row in enumerate(rows) if row.position != first + n)
        raise Tampered(first + wrong, "the event is not there")
    return rows


class ReadAhead:
    """Reads the next events while the last ones are worked on."""

    def __init__(self, session: Connection) -> None:
        self._session = session
        self._asked = (0, 0)
        self._reading: asyncio.Task[list[StoredRow]] | None = None

    async def read(self, first: int, last: int) -> list[StoredRow]:
        """As `read_events`: what is read already, as far as the log went then."""
        reading, self._reading = self._reading, None
        if reading is not None:
            if self._asked == (first, last):
                return await reading
            await cancelled(reading)
        return await read_events(self._session, first, last)

    def begin(self, first: int, last: int) -> None:
        """What will be asked for next."""
        self._asked = (first, last)
        self._reading = asyncio.create_task(read_events(self._session, first, last))

    async def stop(self) -> None:
        if self._reading is not None:
            await cancelled(self._reading)


def leaves_of(of: Iterable[Entry]) -> list[bytes]:
    """What the tree holds of them."""
    return [leaf(entry.position, entry.link) for entry in of]
