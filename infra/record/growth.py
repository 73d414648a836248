"""A tree as it grows by tiles: what is full leaves as files, and its right edge stays here."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from hashlib import sha256

from domain.record.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    entries_content,
    read_entries,
    read_hashes,
)
from domain.record.tree import Frontier, root_of

Content = tuple[Tile, bytes]


class Growth:
    """`size` leaves. Of each level it keeps the hashes, and of the lowest the leaves, that do not
    fill a tile yet."""

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[list[bytes]] = [[]]
        self._leaves: list[bytes] = []

    @classmethod
    async def load(cls, size: int, read: Callable[[Tile], Awaitable[bytes]]) -> "Growth":
        """As it was at this size, from the tiles at its right edge. Raises what `read` raises,
        and ValueError for a tile that is none."""
        growth = cls()
        growth.size = size
        growth._levels = []
        for edge in edge_of(size):
            content = await read(edge) if edge.width else b""
            if edge.level == ENTRIES:
                growth._leaves = read_entries(content)
            else:
                growth._levels.append(read_hashes(content, edge.width))
        return growth

    def append(self, leaves: Iterable[bytes]) -> list[Content]:
        """The tiles that these fill, in the order in which they became full."""
        full: list[Content] = []
        kept, hashes = self._leaves, self._levels[0]
        for each in leaves:
            kept.append(each)
            hashes.append(sha256(b"\x00" + each).digest())
            self.size += 1
            if len(hashes) == TILE_WIDTH:
                self._fill(full)
                kept, hashes = self._leaves, self._levels[0]
        return full

    def _fill(self, full: list[Content]) -> None:
        index = (self.size >> TILE_HEIGHT) - 1
        full.append((Tile(ENTRIES, index), entries_content(self._leaves)))
        self._leaves = []
        for level, hashes in enumerate(self._levels):
            if len(hashes) < TILE_WIDTH:
                return
            index = (self.size >> TILE_HEIGHT * (level + 1)) - 1
            full.append((Tile(level, index), b"".join(hashes)))
            self._levels[level] = []
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(root_of(hashes))

    def edge(self) -> Iterator[Content]:
        """The tiles at the right edge that are not full, empty ones left out."""
        for tile in edge_of(self.size):
            if tile.level == ENTRIES and tile.width:
                yield tile, entries_content(self._leaves)
            elif tile.width:
                yield tile, b"".join(self._levels[tile.level])

    def leaf(self, within: int) -> bytes | None:
        """One of the leaves that fill no tile yet, by its place among them."""
        return self._leaves[within] if within < len(self._leaves) else None

    def root(self) -> bytes:
        """The tree's root as it is now."""
        peaks: list[bytes] = []
        for hashes in reversed(self._levels):
            first = 0
            for bit in range(TILE_HEIGHT - 1, -1, -1):
                if len(hashes) >> bit & 1:
                    peaks.append(root_of(hashes[first : first + (1 << bit)]))
                    first += 1 << bit
        return Frontier(self.size, peaks).root()


def edge_of(size: int) -> Iterator[Tile]:
    """The places of a tree's right edge, also those where there is nothing (of width 0)."""
    level = 0
    while level == 0 or size >> TILE_HEIGHT * level:
        there = size >> TILE_HEIGHT * level
        yield Tile(level, there >> TILE_HEIGHT, there % TILE_WIDTH)
        level += 1
    yield Tile(ENTRIES, size >> TILE_HEIGHT, size % TILE_WIDTH)
