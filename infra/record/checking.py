"""Compares a live log with what was signed of it, and changes nothing."""

import uuid
from collections.abc import Callable, Collection
from typing import Final

from domain.values.frozen import dataclass
from infra.event_store.store import PostgresEventStore
from infra.postgres.pool import Connection
from infra.record import checkpoints
from infra.record.files import KEYS, PublishedFiles
from infra.record.folder import SealersFolder
from infra.record.key_book import KeyBook
from infra.record.opening import key_book, signed_trees
from infra.record.own_keys import OwnKeys
from infra.record.refusal import WillNotSign, not_as_signed
from infra.record.retrace import Retrace
from infra.record.signed import SignedTree, read_signed
from infra.settings import Settings

_NOTES: Final = 1_000

Begin = Callable[[int], Callable[[int], None]]
"""Told how many events there are to compare; gives whom to tell how many are done."""


@dataclass(frozen=True, slots=True)
class Checked:
    """All events of the tree that was signed last are as they were; `signed` is None where nothing
    was signed yet. `missing` are files of the published tree that are not there: whatever is in
    them can be made again. `book` has the keys that signed, of this log under the name `origin`."""

    log_id: str
    signed: SignedTree | None
    missing: tuple[str, ...]
    book: KeyBook
    origin: str


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
    """Every row is hashed again, and compared with the entries, the tiles and the checkpoints:
    that of the sealer's own folder, where there is one on this machine, the published one, and all
    those in the database.

    `session` is the worker's. Raises Tampered for the first event that is not as it was sealed,
    WillNotSign where no position can be told; FilesAway, and what PostgreSQL raises.
    """
    files = _Untouched(PublishedFiles.of(settings))
    folder = SealersFolder(settings.record_dir())
    published = await files.read(KEYS)
    book = key_book(folder.keys(), published)
    if published is not None and KeyBook(published).document != book.document:
        raise WillNotSign("the published keys are not those that were kept here")
    origin = f"{settings.record_origin}/{log_id}"
    trees = await signed_trees(session, store, files, folder, book, origin)
    signed = trees[-1] if trees else None
    if signed is not None:
        await _check_notes(session, book, signed)
        retrace = Retrace(session, files, signed, {each.size: each.root for each in trees})
        moved = begin(signed.size)
        while not retrace.done:
            await retrace.step()
            moved(retrace.position)
    return Checked(log_id, signed, tuple(files.missing), book, origin)


async def check_keys(
    connection: Connection,
    store: PostgresEventStore,
    known: Collection[uuid.UUID],
    checked: Checked,
    begin: Begin,
) -> None:
    """Every sealed text is opened, and what the log says of keys is compared with the tables of
    them; `known` are the destroyed ones that are written down outside the database.

    Raises as `OwnKeys` does, and what PostgreSQL raises.
    """
    keys = OwnKeys(store.ring)
    moved = begin(await store.head())
    async for rows in store.read_batches(0):
        await keys.take(rows)
        moved(rows[-1].position)
    await keys.compare(connection, known)
    keys.compare_signers(checked.book, checked.origin)


async def _check_notes(session: Connection, book: KeyBook, last: SignedTree) -> None:
    """Each row of checkpoints is what its note says, and that was signed. Raises WillNotSign."""
    size = 0
    while rows := await checkpoints.notes_after(session, last.log_id, size, _NOTES):
        for size, root, note in rows:
            said = read_signed(note, book, f"of {size} in the database")
            if (said.origin, said.size, said.root) != (last.origin, size, root):
                raise not_as_signed(size)
