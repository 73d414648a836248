"""Takes what an export is proven by from the record: a summary on demand, and what signed it."""

import asyncio
import time
from functools import partial
from typing import Any, Final, LiteralString

import msgspec

from domain.record.chains import Chain, ChainPlace
from domain.record.checkpoint import parse_checkpoint
from domain.record.encoding import NO_LINK
from domain.record.note import parse_note
from domain.record.tiles import Tile, read_hashes
from domain.record.tree import HashSource, inclusion_proof, levels_of
from domain.values.ids import SYSTEM_WORKSPACE
from infra.event_store.rows import COLUMNS, StoredRow
from infra.exports.nodes import nodes_of_tiles
from infra.exports.snapshot import Snapshot, Summing
from infra.exports.trail import Trail, TrailBroken
from infra.nats.connection import NatsConnection
from infra.postgres.pool import Pool
from infra.postgres.scoped import fetch_scoped
from infra.record.files import KEYS, PublishedFiles, read_tile
from infra.record.key_book import KeyBook
from infra.record.summing import Summary, summed
from infra.record.witnesses import Quorum

# The smallest trees that hold the summary: the first is the same for as long as it is kept.
_NOTES: Final[LiteralString] = (
    "SELECT note FROM record.checkpoints WHERE log_id = %s::uuid AND size >= %s"
    " ORDER BY size LIMIT 16"
)
_WITNESSED_WITHIN_S: Final = 3.0
_POLL_S: Final = 0.1
_SUMMING: Final[LiteralString] = f"""
SELECT (SELECT n.count FROM record.entries n WHERE n.position = e.position), {COLUMNS}
FROM log.events e WHERE e.position = %s
"""
_CHAINS: Final[LiteralString] = "SELECT hash, count, link FROM record.chain_leaves(%s, %s)"


class Seals:
    """For any process that may read the log, beside a running sealer."""

    def __init__(
        self,
        pool: Pool,
        nats: NatsConnection | None,
        log_id: str,
        files: PublishedFiles,
        witnesses: Quorum | None = None,
    ) -> None:
        self._witnesses = witnesses
        self._pool = pool
        self._nats = nats
        self._log_id = log_id
        self._files = files

    async def snapshot(self, workspace_id: str) -> Snapshot:
        """Of all that is recorded by now. Raises Refused(DEPENDENCY_DOWN) where it is not signed
        in time, FilesAway, and TrailBroken where the record contradicts itself."""
        return await self.snapshot_of(
            workspace_id, await summed(self._pool, self._nats, self._log_id)
        )

    async def snapshot_of(self, workspace_id: str, summary: Summary) -> Snapshot:
        """As of a summary that was signed."""
        note = await self._note(summary.position)
        checkpoint = parse_checkpoint(parse_note(note).text)
        book = KeyBook(await self._files.read(KEYS))
        summing = await self._summing(summary.position)
        place = await self._place(workspace_id, summary.upto)
        if place.root() != msgspec.msgpack.decode(summing.row.payload)["root"]:
            raise TrailBroken(f"the chains are not as position {summary.position:,} summed them up")
        return Snapshot(
            log_id=self._log_id,
            note=note,
            keys=[key.encode() for key in book.known(checkpoint.origin)],
            size=checkpoint.size,
            hashes=partial(self._hashes, checkpoint.size, asyncio.get_running_loop()),
            summing=summing,
            place=place,
        )

    async def _note(self, position: int) -> bytes:
        """Where there are witnesses, the first that enough of them cosigned; they have a moment
        for it, and an export goes on without them."""
        until = time.monotonic() + _WITNESSED_WITHIN_S
        while True:
            rows = await self._fetch((), _NOTES, (self._log_id, position))
            notes = [str(note).encode() for (note,) in rows]
            if self._witnesses is None or time.monotonic() > until:
                return notes[0]
            for note in notes:
                if self._witnesses.met_by(note):
                    return note
            await asyncio.sleep(_POLL_S)

    async def _summing(self, position: int) -> Summing:
        rows = await self._fetch((SYSTEM_WORKSPACE,), _SUMMING, (position,))
        if not rows:
            raise TrailBroken(f"position {position:,}, which summed up all chains, is gone")
        count, *row = rows[0]
        system = Trail(self._pool, SYSTEM_WORKSPACE)
        previous = (await system.place(count - 1)).link if count > 1 else NO_LINK
        return Summing(StoredRow(*row), count, previous)

    async def _place(self, workspace_id: str, upto: int) -> ChainPlace:
        rows = await self._fetch((workspace_id,), _CHAINS, (upto, workspace_id))
        index = next((n for n, (_, count, _) in enumerate(rows) if count is not None), None)
        if index is None:
            raise TrailBroken(f"the record has no chain of {workspace_id}")
        _, count, link = rows[index]
        levels = levels_of([bytes(leaf_hash) for leaf_hash, _, _ in rows])
        proof = inclusion_proof(index, len(rows), lambda level, node: levels[level][node])
        return ChainPlace(Chain(workspace_id, count, bytes(link)), index, len(rows), tuple(proof))

    def _hashes(self, size: int, loop: asyncio.AbstractEventLoop) -> HashSource:
        """For a thread beside the loop."""

        def read(tile: Tile) -> list[bytes]:
            reading = read_tile(self._files, self._log_id, tile)
            content = asyncio.run_coroutine_threadsafe(reading, loop).result()
            if content is None:
                raise TrailBroken(f"{tile.path} of the published tree is gone")
            return read_hashes(content, tile.width)

        return nodes_of_tiles(size, read)

    async def _fetch(
        self, workspaces: tuple[str, ...], sql: LiteralString, params: tuple[Any, ...]
    ) -> list[Any]:
        async with self._pool.connection() as connection:
            return await fetch_scoped(connection, workspaces, sql, params)
