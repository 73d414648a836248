"""Where saved exports lie: in a folder, or in an S3-compatible store."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from infra.settings import Settings

_CHUNK_BYTES: Final = 256 * 1024


class ExportsAway(ConnectionError):
    """The store does not answer as it should; nothing is known then."""


class ExportFiles:
    """Files by their names. `making`, a folder of this machine, is for what is not whole yet."""

    def __init__(self, store: LocalStore | S3Store, making: Path) -> None:
        self._store = store
        self.making = making

    @classmethod
    def of(cls, settings: Settings) -> "ExportFiles":
        """Where the settings say; folders are made at the first write."""
        folder = settings.data_dir / "exports"
        if settings.exports_url is not None:
            store: LocalStore | S3Store = S3Store.from_url(settings.exports_url.get_secret_value())
        else:
            store = LocalStore(folder / "kept", mkdir=True)
        return cls(store, folder / "making")

    async def keep(self, name: str, file: Path) -> None:
        """Put a whole file into the store. Raises ExportsAway."""
        try:
            await self._store.put_async(name, file)
        except (BaseError, OSError) as error:
            raise ExportsAway(f"{name} cannot be kept: {error}") from error

    async def chunks(self, name: str) -> AsyncIterator[bytes] | None:
        """A file's bytes, some at a time; None where there is no such file. Raises ExportsAway."""
        try:
            found = await self._store.get_async(name)
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise ExportsAway(f"{name} cannot be read: {error}") from error
        return found.stream(min_chunk_size=_CHUNK_BYTES)

    async def delete(self, names: Iterable[str]) -> None:
        """Those that are there. Raises ExportsAway."""
        for name in names:
            try:
                await self._store.delete_async(name)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise ExportsAway(f"{name} cannot be deleted: {error}") from error
