"""Nodes of a tree out of its tiles, each tile read and hashed once while its neighbours ask."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from domain.record.tiles import TILE_HEIGHT, Tile, tile_of
from domain.record.tree import HashSource, levels_of

_TILES_KEPT: Final = 64


def nodes_of_tiles(size: int, read: Callable[[Tile], Sequence[bytes]]) -> HashSource:
    """As `domain.record.tiles.source_of_tiles`, for questions that go through the tree in order."""

    @lru_cache(maxsize=_TILES_KEPT)
    def levels(tile_level: int, index: int) -> list[list[bytes]]:
        return levels_of(read(tile_of(tile_level, index, size)))

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        beside = TILE_HEIGHT - height
        tile, within = index >> beside, index & (1 << beside) - 1
        try:
            return levels(tile_level, tile)[height][within]
        except IndexError:
            detail = f"node {index} of level {level} is not in a tree of {size} leaves"
            raise ValueError(detail) from None

    return node
