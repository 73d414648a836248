"""Walks the signed log once more and compares all that was made of it."""

from collections.abc import Mapping
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

from domain.record.encoding import HASH_BYTES, LEAF_BYTES
from domain.record.tiles import ENTRIES, TILE_HEIGHT, Tile
from infra.postgres.pool import Connection
from infra.record import checkpoints
from infra.record.files import PublishedFiles, file_of, read_tile
from infra.record.growth import Content, Growth
from infra.record.links import Linker, leaves_of, read_events
from infra.record.refusal import Tampered, WillNotSign, not_as_signed
from infra.record.signed import SignedTree

PORTION: Final = 1_024
_ENTRY_BYTES: Final = 2 + LEAF_BYTES  # in a tile, behind its length


class Retrace:
    """From the first event to what was signed when it began, by all that stands in the database
    as signed on the way; `also` are roots of other trees that were, by their sizes."""

    def __init__(
        self,
        session: Connection,
        files: PublishedFiles,
        signed: SignedTree,
        also: Mapping[int, bytes] = MappingProxyType({}),
    ) -> None:
        self._session = session
        self._files = files
        self._signed = signed
        self._known = {**also, signed.size: signed.root}
        self._linker = Linker(session)
        self._growth = Growth()

    @property
    def position(self) -> int:
        """Up to here all is as it was signed."""
        return self._growth.size

    @property
    def done(self) -> bool:
        return self._growth.size == self._signed.size

    async def step(self) -> None:
        """Compare the next portion. Raises Tampered, or WillNotSign where no position can be
        told; FilesAway and what PostgreSQL raises."""
        first = self._growth.size + 1
        last = min(self._signed.size, self._growth.size + PORTION)
        rows = await read_events(self._session, first, last)
        # First what is there: where an event was taken out, all behind it stand one too early.
        leaves = leaves_of(await self._linker.known(rows)) if rows else []
        if len(rows) < last - first + 1:
            raise Tampered(first + len(rows), "the event is not there")
        stored = await checkpoints.roots(self._session, self._signed.log_id, first, last)
        known = {size: root for size, root in self._known.items() if first <= size <= last}
        for size in sorted({*stored, *known, last}):
            taken = self._growth.size
            for content in self._growth.append(leaves[taken + 1 - first : size + 1 - first]):
                await self._compare(content)
            if self.done:
                for content in self._growth.edge():
                    await self._compare(content)
            if size in known and self._growth.root() != known[size]:
                raise WillNotSign(f"the log up to position {size} is not the one that was signed")
            if size in stored and self._growth.root() != stored[size]:
                raise not_as_signed(size)

    async def _compare(self, content: Content) -> None:
        """A file that is gone is put back: all that it is made of is as it was."""
        log_id = self._signed.log_id
        if not await compare_tile(self._files, log_id, content):
            tile, made = content
            await self._files.write(file_of(log_id, tile.path), made)


async def compare_tile(files: PublishedFiles, log_id: str, content: Content) -> bool:
    """Whether the tile is there. Raises Tampered where it is another one, FilesAway."""
    tile, wanted = content
    found = await read_tile(files, log_id, tile)
    if found is None or found == wanted:
        return found is not None
    raise Tampered(_first_difference(tile, found, wanted), f"{tile.path} is not what was signed")


def _first_difference(tile: Tile, found: bytes, wanted: bytes) -> int:
    """The first position that a tile has something wrong of."""
    size = _ENTRY_BYTES if tile.level == ENTRIES else HASH_BYTES
    place = next(n for n, (one, other) in enumerate(zip_longest(found, wanted)) if one != other)
    index = min(place // size, tile.width - 1)
    return ((tile.first + index) << TILE_HEIGHT * max(tile.level, 0)) + 1
