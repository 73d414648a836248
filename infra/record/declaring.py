"""Declares a new incarnation of the log, and records in it which one it goes on from."""

import uuid

from domain.ledger.events import IncarnationDeclared
from domain.record.checkpoint import parse_checkpoint
from domain.record.note import NoteBroken, parse_note
from domain.values.ids import SYSTEM_ACTOR
from domain.values.recorded import Origin
from infra.event_store.incarnation import declare_incarnation
from infra.event_store.store import PostgresEventStore
from infra.postgres.pool import Pool
from infra.record import checkpoints
from infra.record.files import CHECKPOINT, KEYS, PublishedFiles, file_of
from infra.record.folder import SealersFolder
from infra.record.key_book import KeyBook
from infra.record.refusal import WillNotSign
from infra.record.signed import SignedTree, read_signed
from infra.record.summing import commit_of


async def declare(
    pool: Pool,
    store: PostgresEventStore,
    files: PublishedFiles,
    folder: SealersFolder,
    *,
    by: str,
    reason: str,
) -> uuid.UUID:
    """The log's new identity. `by` and `reason` say who declares it and why, for those who check
    the record later.

    `pool` is the owner's, and `store` has been started. Raises FilesAway where it cannot be asked
    what was signed last, Refused, KeyUnusable, and what PostgreSQL raises.
    """
    was, log_id = str(store.log_id), uuid.uuid4()
    signed = await _last_signed(pool, files, folder, was)
    event = IncarnationDeclared(
        log_id=str(log_id),
        was=was,
        signed_size=0 if signed is None else signed.size,
        signed_root=b"" if signed is None else signed.root,
        signed_note="" if signed is None else signed.note.decode(),
        by=by,
    )
    origin = Origin(actor=SYSTEM_ACTOR, via="cli", reason=reason)
    commit = await store.encoding.encode(await commit_of(store, (event,), origin))
    async with pool.connection() as connection:
        return await declare_incarnation(connection, reason, log_id=log_id, says=commit)


async def _last_signed(
    pool: Pool, files: PublishedFiles, folder: SealersFolder, log_id: str
) -> SignedTree | None:
    """The largest tree of this log that is known here; one that keys of ours signed before any
    other, which is taken only where there is no such one (a copy without its keys)."""
    async with pool.connection() as connection:
        stored = await checkpoints.last_note(connection, log_id)
    notes = (folder.checkpoint(), await files.read(file_of(log_id, CHECKPOINT)), stored)
    book = KeyBook(folder.keys() or await files.read(KEYS))
    trusted, others = [], []
    for note in filter(None, notes):
        try:
            trusted.append(read_signed(note, book, "that is known"))
        except WillNotSign:
            others += _unsigned(note)
    found = [each for each in trusted or others if each.log_id == log_id]
    return max(found, key=lambda each: each.size, default=None)


def _unsigned(note: bytes) -> list[SignedTree]:
    try:
        said = parse_checkpoint(parse_note(note).text)
    except NoteBroken:
        return []
    return [SignedTree(said.origin, said.size, said.root, said.at or 0, note)]
