"""Proofs from the published tree: that an event is in it, that it only grew."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from domain.errors import Kind, Refused, not_found
from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.note import NoteBroken, parse_note
from domain.record.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    Tile,
    read_entries,
    read_hashes,
    source_of_tiles,
    tile_of,
)
from domain.record.timestamp import NotStamped, Stamp, parse_stamp
from domain.record.tree import (
    Span,
    consistency_proof,
    consistency_spans,
    inclusion_proof,
    inclusion_spans,
    span_nodes,
)
from domain.values.frozen import dataclass
from infra.record.files import (
    CHECKPOINT,
    KEYS,
    STAMPS,
    FilesAway,
    PublishedFiles,
    file_of,
    read_tile,
)

FRESH_S: Final = 0.2
TILES_KEPT: Final = 1_024  # of 8 KiB each


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint, and the signed note that says it."""

    checkpoint: Checkpoint
    note: str


class LogProofs:
    """Everything from the published files alone: what is proven here, anybody can prove."""

    def __init__(self, files: PublishedFiles, log_id: str) -> None:
        self._files = files
        self._log_id = log_id
        self._signed: Signed | None = None
        self._signed_at = 0.0
        self._tiles: OrderedDict[Tile, Sequence[bytes]] = OrderedDict()

    async def signed(self) -> Signed:
        """The last checkpoint, as of a moment ago. Raises Refused(NOT_FOUND) where nothing of the
        log is signed yet, Refused(DEPENDENCY_DOWN)."""
        now = time.monotonic()
        if self._signed is None or now - self._signed_at > FRESH_S:
            content = await self._read(file_of(self._log_id, CHECKPOINT))
            if content is None:
                raise not_found("checkpoint")
            try:
                note = parse_note(content)
                self._signed = Signed(parse_checkpoint(note.text), content.decode())
            except NoteBroken as error:
                raise _down("The published checkpoint cannot be read.") from error
            self._signed_at = now
        return self._signed

    def hear(self, signed: Signed) -> None:
        """This is the last checkpoint now: for whoever publishes, and need not ask."""
        self._signed, self._signed_at = signed, time.monotonic()

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """That the leaf `index` is in the tree of `size` leaves, no more than are signed. Raises
        Refused(DEPENDENCY_DOWN)."""
        held = await self._tiles_of(inclusion_spans(index, size), size)
        return inclusion_proof(index, size, source_of_tiles(size, held.__getitem__))

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """That the tree of `new` leaves, no more than are signed, begins with that of `old`.
        Raises the same."""
        held = await self._tiles_of(consistency_spans(old, new), new)
        return consistency_proof(old, new, source_of_tiles(new, held.__getitem__))

    async def leaf(self, index: int) -> bytes:
        """What the tree holds there: position and link, as anybody can read in the published
        entries. Raises the same."""
        size = (await self.signed()).checkpoint.size
        tile = tile_of(ENTRIES, index >> TILE_HEIGHT, size)
        try:
            content = await read_tile(self._files, self._log_id, tile)
            if content is None:
                raise _down("A published tile is missing.")
            return read_entries(content)[index - tile.first]
        except (FilesAway, ValueError, IndexError) as error:
            raise _down("The published tree cannot be read.") from error

    async def stamp(self, size: int) -> Stamp | None:
        """The time stamp of the smallest tree that has one and no fewer leaves, with the proof that
        it goes on from the tree of `size`; None where there is none. Raises
        Refused(DEPENDENCY_DOWN)."""
        try:
            names = await self._files.names(file_of(self._log_id, STAMPS))
            later = [int(name) for name in names if name.isdecimal() and int(name) >= size]
            if not later:
                return None
            content = await self._files.read(file_of(self._log_id, f"{STAMPS}/{min(later)}"))
            stamp = parse_stamp(content or b"")
        except (FilesAway, NotStamped) as error:
            raise _down("The published time stamps cannot be read.") from error
        return replace(stamp, proof=tuple(await self.consistency(size, min(later))))

    async def file(self, log_id: str, name: str) -> bytes | None:
        """A published file of any log, as it is. Raises Refused(DEPENDENCY_DOWN)."""
        return await self._read(file_of(log_id, name))

    async def keys(self) -> bytes | None:
        """The document of public keys. Raises Refused(DEPENDENCY_DOWN)."""
        return await self._read(KEYS)

    async def _tiles_of(self, spans: Iterable[Span], size: int) -> dict[Tile, Sequence[bytes]]:
        wanted = {
            tile_of(level // TILE_HEIGHT, index << level % TILE_HEIGHT >> TILE_HEIGHT, size)
            for span in spans
            for level, index in span_nodes(span)
        }
        found = await asyncio.gather(*map(self._tile, wanted))
        return dict(zip(wanted, found, strict=True))

    async def _tile(self, tile: Tile) -> Sequence[bytes]:
        """Kept, as a tile never changes; one that is not full is part of the one that is."""
        kept = self._tiles.get(tile)
        if kept is not None:
            self._tiles.move_to_end(tile)
            return kept
        signed = await self.signed()
        whole = tile_of(tile.level, tile.index, signed.checkpoint.size)
        try:
            content = await read_tile(self._files, self._log_id, whole)
            if content is None:
                raise _down("A published tile is missing.")
            hashes = read_hashes(content, whole.width)[: tile.width]
        except (FilesAway, ValueError) as error:
            raise _down("The published tree cannot be read.") from error
        self._tiles[tile] = hashes
        if len(self._tiles) > TILES_KEPT:
            self._tiles.popitem(last=False)
        return hashes

    async def _read(self, name: str) -> bytes | None:
        try:
            return await self._files.read(name)
        except FilesAway as error:
            raise _down("The published tree cannot be read.") from error


def _down(detail: str) -> Refused:
    return Refused(Kind.DEPENDENCY_DOWN, detail, retry_after=5)
