"""Compares a live log with what was signed of it, and changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.event_store.store import PostgresEventStore
from infra.postgres.pool import Connection
from infra.record.files import KEYS, PublishedFiles
from infra.record.folder import SealersFolder
from infra.record.key_book import KeyBook
from infra.record.opening import last_signed
from infra.record.refusal import WillNotSign
from infra.record.retrace import Retrace
from infra.record.signed import SignedTree
from infra.settings import Settings

Begin = Callable[[int], Callable[[int], None]]
"""Told how many events there are to compare; gives whom to tell how many are done."""


@dataclass(frozen=True, slots=True)
class Checked:
    """All events of the tree that was signed last are as they were; `signed` is None where nothing
    was signed yet. `missing` are files of the published tree that are not there: whatever is in
    them can be made again."""

    log_id: str
    signed: SignedTree | None
    missing: tuple[str, ...]


class _Untouched(PublishedFiles):
    """The published files, of which none is put back."""

    def __init__(self, files: PublishedFiles) -> None:
        self._files = files
        self.missing: list[str] = []

    async def read(self, name: str) -> bytes | None:
        return await self._files.read(name)

    async def write(self, name: str, content: bytes) -> None:
        self.missing.append(name)


async def check_record(
    session: Connection,
    store: PostgresEventStore,
    settings: Settings,
    log_id: str,
    begin: Begin,
) -> Checked:
    """Every row is hashed again, and compared with the entries, the tiles and the last checkpoint:
    that of the sealer's own folder, where there is one on this machine, the published one, and the
    one in the database.

    `session` is the worker's. Raises Tampered for the first event that is not as it was sealed,
    WillNotSign where no position can be told; FilesAway, and what PostgreSQL raises.
    """
    files = _Untouched(PublishedFiles.of(settings))
    folder = SealersFolder(settings.record_dir())
    try:
        book = KeyBook(await files.read(KEYS) or folder.keys())
    except ValueError as error:
        raise WillNotSign(str(error)) from error
    origin = f"{settings.record_origin}/{log_id}"
    signed = await last_signed(session, store, files, folder, book, origin)
    if signed is not None:
        retrace = Retrace(session, files, signed)
        moved = begin(signed.size)
        while not retrace.done:
            await retrace.step()
            moved(retrace.position)
    return Checked(log_id, signed, tuple(files.missing))
