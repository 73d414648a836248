"""The published files of the record: in a folder, or in an S3-compatible store."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from domain.record.encoding import HASH_BYTES
from domain.record.tiles import ENTRIES, TILE_WIDTH, Tile, entries_content, read_entries
from infra.record.growth import edge_of
from infra.settings import Settings

CHECKPOINT: Final = "checkpoint"
KEYS: Final = "keys.json"
STAMPS: Final = "timestamp"
"""A folder beside the checkpoint of a log: its time stamps by the sizes of the trees."""

LAST_STAMP: Final = f"{STAMPS}/last"
TIMEOUT_S: Final = 20.0


class FilesAway(ConnectionError):
    """The store does not answer as it should; nothing is known then."""


class PublishedFiles:
    """Files by their names, each read and replaced whole.

    In threads: what the library does for asyncio by itself may still be under way when a process
    ends, which is then aborted.
    """

    def __init__(self, store: LocalStore | S3Store) -> None:
        self._store = store

    @classmethod
    def of(cls, settings: Settings) -> "PublishedFiles":
        """Where the settings say; a folder is made at the first write."""
        if settings.record_url is not None:
            url = settings.record_url.get_secret_value()
            timeout = timedelta(seconds=TIMEOUT_S)
            return cls(S3Store.from_url(url, client_options={"timeout": timeout}))
        return cls.within(settings.record_dir() / "tlog")

    @classmethod
    def within(cls, folder: Path) -> "PublishedFiles":
        return cls(LocalStore(folder, mkdir=True))

    async def read(self, name: str) -> bytes | None:
        """None where there is no such file. Raises FilesAway."""
        return await asyncio.to_thread(self._read, name)

    async def names(self, folder: str) -> list[str]:
        """Of the files in a folder, without it. Raises FilesAway."""
        return await asyncio.to_thread(self._names, folder)

    async def write(self, name: str, content: bytes) -> None:
        """Nobody reads it half written. Raises FilesAway."""
        await asyncio.to_thread(self._write, [(name, content)])

    async def write_all(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Many, in this order. Raises FilesAway."""
        await asyncio.to_thread(self._write, list(files))

    async def delete(self, names: Iterable[str]) -> None:
        """Those that are there. Raises FilesAway."""
        await asyncio.to_thread(self._delete, list(names))

    def _read(self, name: str) -> bytes | None:
        try:
            return bytes(self._store.get(name).bytes())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise FilesAway(f"{name} cannot be read: {error}") from error

    def _names(self, folder: str) -> list[str]:
        try:
            return [
                each["path"].rpartition("/")[2]
                for part in self._store.list(folder)
                for each in part
            ]
        except FileNotFoundError:
            return []
        except (BaseError, OSError) as error:
            raise FilesAway(f"{folder} cannot be listed: {error}") from error

    def _write(self, files: Sequence[tuple[str, bytes]]) -> None:
        for name, content in files:
            try:
                self._store.put(name, content)
            except (BaseError, OSError) as error:
                raise FilesAway(f"{name} cannot be written: {error}") from error

    def _delete(self, names: Sequence[str]) -> None:
        for name in names:
            try:
                self._store.delete(name)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise FilesAway(f"{name} cannot be deleted: {error}") from error


def file_of(log_id: str, name: str) -> str:
    """The file of a log: `checkpoint`, or a tile's path."""
    return f"{log_id}/{name}"


async def read_tile(
    files: PublishedFiles, log_id: str, tile: Tile, within: int | None = None
) -> bytes | None:
    """A tile's content; one that is not full may stand in the full one by now, or in that at the
    edge of a later tree: `within` is the size of one that was published. None where it is missing.
    Raises FilesAway."""
    for published in _holding(tile, within):
        content = await files.read(file_of(log_id, published.path))
        if content and published == tile:
            return content
        if content and tile.level == ENTRIES:
            return entries_content(read_entries(content)[: tile.width])
        if content:
            return content[: tile.width * HASH_BYTES]
    return None


def _holding(tile: Tile, within: int | None) -> Iterator[Tile]:
    """The tiles that begin with all that this one has, itself first."""
    yield tile
    if tile.width < TILE_WIDTH:
        yield Tile(tile.level, tile.index)
        for edge in () if within is None else edge_of(within):
            if (edge.level, edge.index) == (tile.level, tile.index) and edge.width > tile.width:
                yield edge
