"""The tiles of a log's tree as files: each published once, and compared where it was signed."""

from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from domain.record.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, read_entries
from infra.record.files import PublishedFiles, file_of, read_tile
from infra.record.growth import Content, Growth, edge_of
from infra.record.refusal import WillNotSign
from infra.record.retrace import compare_tile

_TILES_KEPT: Final = 64

log = structlog.get_logger()


class TreeFiles:
    """`signed`, where it is given, is the size of the last tree that was signed, 0 for none."""

    def __init__(self, files: PublishedFiles, log_id: str) -> None:
        self._files = files
        self._log_id = log_id
        self._edges: set[Tile] = set()
        self._leaves: dict[int, list[bytes]] = {}

    async def grown(self, size: int, signed: int) -> Growth:
        """The tree at a size that a signed one of size `signed` has passed; from the beginning
        where a file is gone. Raises WillNotSign where one is no tile."""

        async def read(tile: Tile) -> bytes:
            content = await read_tile(self._files, self._log_id, tile, signed)
            if content is None:
                raise _Missing(tile.path)
            return content

        try:
            return await Growth.load(size, read)
        except _Missing as missing:
            log.warning("sealer_grows_anew", missing=str(missing))
            return Growth()
        except ValueError as error:
            raise WillNotSign(f"a published tile of the tree of {size} is none: {error}") from error

    def had_edges(self, sizes: Iterable[int]) -> None:
        """Trees of these sizes were published: what was their edge goes once it is full."""
        for size in sizes:
            self._edges.update(edge_of(size))

    async def keep(self, tiles: Sequence[Content], signed: int) -> None:
        """Publish tiles; those that were signed already are compared, and left alone."""
        files = []
        for tile, content in tiles:
            made = (tile, content)
            if _end(tile) > signed or not await compare_tile(self._files, self._log_id, made):
                files.append((file_of(self._log_id, tile.path), content))
        if files:
            await self._files.write_all(files)
        if full := {(tile.level, tile.index) for tile, _ in tiles if tile.width == TILE_WIDTH}:
            over = {tile for tile in self._edges if (tile.level, tile.index) in full}
            if over:
                await self._files.delete(file_of(self._log_id, tile.path) for tile in over)
                self._edges -= over

    async def keep_edge(self, growth: Growth) -> None:
        """Publish the edge of a tree that is to be signed."""
        edge = list(growth.edge())
        await self._files.write_all((file_of(self._log_id, t.path), content) for t, content in edge)
        self._edges.update(tile for tile, _ in edge)

    async def compare_edge(self, growth: Growth) -> None:
        """That of the last tree that was signed; what is not there is published again."""
        for content in growth.edge():
            if not await compare_tile(self._files, self._log_id, content):
                await self.keep([content], growth.size)

    async def leaf(self, position: int) -> bytes | None:
        """What the published tree holds there; None where it has no such leaf."""
        index, within = divmod(position - 1, TILE_WIDTH)
        leaves = self._leaves.pop(index, None)
        if leaves is None:
            content = await read_tile(self._files, self._log_id, Tile(ENTRIES, index))
            leaves = [] if content is None else read_entries(content)
            if len(self._leaves) >= _TILES_KEPT:
                del self._leaves[next(iter(self._leaves))]
        self._leaves[index] = leaves
        return leaves[within] if within < len(leaves) else None


class _Missing(Exception):
    """A file that has to be there is not."""


def _end(tile: Tile) -> int:
    """The last position that is in a tile."""
    return (tile.first + tile.width) << TILE_HEIGHT * max(tile.level, 0)
