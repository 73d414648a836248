"""The tree as static files: tiles of 256 hashes and of 256 entries (c2sp.org/tlog-tiles)."""

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.record.encoding import HASH_BYTES
from domain.record.tree import HashSource, root_of

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
ENTRIES = -1
"""In place of a level: the tile holds entries, and no hashes."""

_u16 = struct.Struct(">H")
_PATH = re.compile(
    r"tile/(entries|[1-5]?[0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """`width` is the number of hashes or entries in it: 256, or fewer at the tree's end."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Below the log's prefix."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{partial}"

    @property
    def first(self) -> int:
        """The place of its first hash or entry among all of its level."""
        return self.index << TILE_HEIGHT


def parse_path(path: str) -> Tile | None:
    """The tile that a path names; None for any that names none."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level, index, width = found.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(index.replace("x", "").replace("/", "")),
        TILE_WIDTH if width is None else int(width),
    )
    return tile if tile.path == path else None


def tile_of(level: int, index: int, size: int) -> Tile:
    """The tile of this level and index in a tree of `size` leaves. Raises ValueError where that
    tree has none."""
    there = size >> TILE_HEIGHT * max(level, 0)
    width = min(TILE_WIDTH, there - (index << TILE_HEIGHT))
    if width <= 0 or index < 0:
        raise ValueError(f"a tree of {size} leaves has no tile {index} of level {level}")
    return Tile(level, index, width)


def entries_content(leaves: Iterable[bytes]) -> bytes:
    """What a tile of entries holds."""
    return b"".join(_u16.pack(len(leaf)) + leaf for leaf in leaves)


def read_entries(content: bytes) -> list[bytes]:
    """The entries of a tile. Raises ValueError for bytes that are none."""
    leaves = []
    at = 0
    while at < len(content):
        if at + _u16.size > len(content):
            raise ValueError("a length is cut")
        (length,) = _u16.unpack_from(content, at)
        at += _u16.size
        if at + length > len(content):
            raise ValueError("an entry is cut")
        leaves.append(content[at : at + length])
        at += length
    return leaves


def read_hashes(content: bytes, width: int) -> list[bytes]:
    """The hashes of a tile. Raises ValueError for a content that is not of this width."""
    if len(content) != width * HASH_BYTES:
        raise ValueError(f"a tile of {width} hashes has not {len(content)} bytes")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def source_of_tiles(size: int, read: Callable[[Tile], Sequence[bytes]]) -> HashSource:
    """Any node of a tree of `size` leaves, from the hashes of its tiles. `read` is asked for the
    same tile again and again."""

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        tile = tile_of(tile_level, first >> TILE_HEIGHT, size)
        within = first - tile.first
        hashes = read(tile)[within : within + (1 << height)]
        if len(hashes) != 1 << height:
            raise ValueError(f"node {index} of level {level} is not in a tree of {size} leaves")
        return root_of(hashes)

    return node


def _index_path(index: int) -> str:
    path = f"{index % 1000:03}"
    while index := index // 1000:
        path = f"x{index % 1000:03}/{path}"
    return path
