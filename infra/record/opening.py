"""What a sealer begins from: the last checkpoints that anybody has, or why it signs nothing."""

from collections.abc import Sequence
from typing import Final, Protocol

from domain.ledger.events import IncarnationDeclared
from domain.values.recorded import Recorded
from infra.event_store.rows import COLUMNS, StoredRow
from infra.postgres.pool import Connection
from infra.record import checkpoints
from infra.record.files import CHECKPOINT, PublishedFiles, file_of
from infra.record.folder import SealersFolder
from infra.record.key_book import KeyBook
from infra.record.refusal import WillNotSign
from infra.record.signed import SignedTree, read_signed

# A new incarnation begins with the event that declares it.
_DECLARED: Final = (
    f"SELECT {COLUMNS} FROM log.events WHERE type = 'IncarnationDeclared.v1' AND position ="
    " (SELECT after_position + 1 FROM log.incarnations WHERE log_id = %s::uuid)"
)
_KNOWN: Final = "SELECT FROM log.incarnations WHERE log_id = %s::uuid"


def key_book(kept: bytes | None, published: bytes | None) -> KeyBook:
    """The keys as this machine has kept them, or as they are published where more are told there.
    Raises WillNotSign where each knows of one that the other does not."""
    try:
        here, there = KeyBook(kept), KeyBook(published)
    except ValueError as error:
        raise WillNotSign(str(error)) from error
    if here.vkeys >= there.vkeys:
        return here
    if here.vkeys <= there.vkeys:
        return there
    raise WillNotSign("the published keys are not those that this machine has signed with")


class Decoder(Protocol):
    """Reads what the log holds."""

    async def decode(self, rows: Sequence[StoredRow]) -> Sequence[Recorded]: ...


async def signed_trees(
    session: Connection,
    decoder: Decoder,
    files: PublishedFiles,
    folder: SealersFolder,
    book: KeyBook,
    origin: str,
) -> list[SignedTree]:
    """The last trees that were signed for this log, as this machine kept it, as it is published,
    and as the database has it: each size once, the largest last; none where nothing was signed
    yet. That a smaller one is the beginning of the largest is for whoever reads the log to see.

    Raises WillNotSign where these do not fit each other, or the log is not one that is known;
    FilesAway, and what PostgreSQL raises.
    """
    log_id = origin.rpartition("/")[2]
    if not (await session.execute(_KNOWN, (log_id,))).rowcount:
        raise WillNotSign(f"the log calls itself {log_id}, which was never declared")
    notes = {
        "that was kept": folder.checkpoint(),
        "that is published": await files.read(file_of(log_id, CHECKPOINT)),
        "in the database": await checkpoints.last_note(session, log_id),
    }
    found: dict[int, SignedTree] = {}
    for where, note in notes.items():
        if note:
            signed = read_signed(note, book, where)
            if signed.log_id != log_id:
                await _continued(session, decoder, signed, log_id)
            elif signed.origin != origin:
                raise WillNotSign(f"the checkpoint {where} is of {signed.origin}, not of {origin}")
            elif found.setdefault(signed.size, signed).root != signed.root:
                raise WillNotSign(
                    f"two trees of {signed.size} events were signed: the log was forked"
                )
    return sorted(found.values(), key=lambda each: each.size)


async def _continued(
    session: Connection, decoder: Decoder, signed: SignedTree, log_id: str
) -> None:
    """The log says itself that it goes on where another one was signed. Raises WillNotSign."""
    cursor = await session.execute(_DECLARED, (log_id,), binary=True)
    rows = [StoredRow(*row) for row in await cursor.fetchall()]
    for recorded in await decoder.decode(rows):
        event = recorded.event
        if (
            isinstance(event, IncarnationDeclared)
            and event.log_id == log_id
            and event.was == signed.log_id
            and event.signed_size >= signed.size
            and (event.signed_size > signed.size or event.signed_root == signed.root)
        ):
            return
    raise WillNotSign(
        f"the log is {log_id}, and {signed.size} events were signed of {signed.log_id}: "
        "`taskledger incarnation declare` says that one goes on as the other, and why"
    )
