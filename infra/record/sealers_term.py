"""A sealer's work while it leads: links events into chains and the tree, and signs checkpoints."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

import psycopg

from domain.ledger.events import SigningKeyChanged
from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.note import NoteSignature, parse_note
from domain.record.tiles import TILE_HEIGHT, TILE_WIDTH
from domain.values.frozen import dataclass
from infra.event_store.rows import StoredRow
from infra.event_store.store import PostgresEventStore
from infra.postgres.pool import Connection
from infra.processes.log import NewIncarnation
from infra.processes.sessions import Leadership
from infra.record import checkpoints, entries, summing
from infra.record.files import CHECKPOINT, KEYS, file_of
from infra.record.growth import Growth
from infra.record.key_book import KeyBook
from infra.record.links import Linker, ReadAhead, leaves_of, read_events
from infra.record.opening import key_book, signed_trees
from infra.record.proofs import LogProofs, Signed
from infra.record.refusal import Tampered, WillNotSign
from infra.record.retrace import Retrace
from infra.record.sealers_place import SealersPlace
from infra.record.signed import SignedTree, read_signed
from infra.record.signing_keys import SigningKeys
from infra.record.tree_files import TreeFiles
from infra.record.witnesses import cosigned
from infra.tasks import cancelled

POLL_S: Final = 0.5
THIN_EVERY_S: Final = 600.0
PORTION: Final = 1_024
TAIL: Final = 1_024

_OFFERS_KEPT: Final = 64
_HOUR_S: Final = 3600.0

_LOOK: Final = "SELECT h.log_id::text, h.position, a.upto FROM log.head h, record.asked a"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds from one checkpoint to the next at least, and from one sum of the chains to the
    next. What was signed is read once more within `retrace_hours`, and by at least
    `retraced_a_second` events a second, so that a small log is never long unread; it begins
    again after `rest_s`."""

    spacing_s: float = 0.5
    sum_every_s: float = 60.0
    retrace_hours: float = 24.0
    retraced_a_second: int = 200
    rest_s: float = 5.0


@dataclass(slots=True)
class Said:
    """What it says about itself; counts since the process began."""

    state: str = "starting"
    events: int = 0
    checkpoints: int = 0
    size: int = 0
    retraced: int = 0


Opened = Callable[[], AbstractAsyncContextManager[PostgresEventStore]]
"""Gives a store to append by."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What every term of a sealer has: the log to read, and what it works by."""

    store: PostgresEventStore
    place: SealersPlace
    opened: Opened
    pace: Pace
    said: Said


class Term:
    """What one leader does until it fails, is deposed, refuses, or the log becomes another one.

    `_signed` is the last tree that was signed; while `_growth` is smaller, it is on its way back
    there, and compares what it finds; `_due` are the roots that it has to come by, by their sizes.
    """

    def __init__(
        self,
        sealing: Sealing,
        leadership: Leadership,
        session: Connection,
        second: Connection,
        log_id: str,
    ) -> None:
        self.woken = asyncio.Event()
        self.ahead = ReadAhead(second)
        self._store = sealing.store
        self._opened = sealing.opened
        self._place = sealing.place
        self._files = sealing.place.files
        self._tree = TreeFiles(sealing.place.files, log_id)
        self._pace = sealing.pace
        self._said = sealing.said
        self._leadership = leadership
        self._session = session
        self._second = second
        self._log_id = log_id
        self._origin = sealing.place.origin_of(log_id)
        self._linker = Linker(session)
        self._growth = Growth()
        self._stored = 0
        self._signed: SignedTree | None = None
        self._due: dict[int, bytes] = {}
        self._published: bytes | None = None
        self._asked = 0
        self._summed = 0
        self._newest = 0
        self._sum_at = time.monotonic() + self._pace.sum_every_s
        self._signed_at = 0.0
        self._thinned_at = time.monotonic()
        self._signing = asyncio.Lock()
        self._proofs = LogProofs(self._files, log_id)
        self._offered: dict[int, SignedTree] = {}

    @property
    def _signed_size(self) -> int:
        return 0 if self._signed is None else self._signed.size

    async def begin(self) -> None:
        """Come to where the last one stopped, and make sure that all is as it was left."""
        self._said.state = "starting"
        for beside in (self._place.witnesses, self._place.stamps):
            if beside is not None:
                beside.begin()
        place, folder = self._place, self._place.folder
        self._book = await self._key_book()
        self._keys = SigningKeys(
            (place.signer, place.second),
            self._book,
            folder,
            self._files,
            self._origin,
            self._record,
        )
        trees = await signed_trees(
            self._session, self._store, self._files, folder, self._book, self._origin
        )
        self._signed = trees[-1] if trees else None
        self._stored = await entries.last_position(self._session)
        self._summed = await summing.last_summed(self._session)
        await self._look()
        if self._signed is None:
            return
        size = self._signed.size
        self._growth = await self._tree.grown(max(0, min(self._stored, size) - TAIL), size)
        is_compared = all(each.size > self._growth.size for each in trees)
        self._due = {each.size: each.root for each in trees}
        while self._growth.size < size:
            await self._take_some()
        # While what was kept here is still there: it may be all that shows a fork.
        if not is_compared or folder.refusal(self._log_id) is not None:
            await self._retrace_all(self._signed, trees)
        await folder.keep_checkpoint(self._signed.note)
        await checkpoints.restore(self._session, self._signed)
        self._tree.had_edges(
            await checkpoints.sizes(self._session, self._log_id, size - size % TILE_WIDTH)
        )
        self._published = await self._files.read(file_of(self._log_id, CHECKPOINT))
        if self._published != self._signed.note:
            await self._publish(self._signed)
        folder.drop_refusal()
        self._offer(self._signed)

    async def serve(self) -> None:
        """Raises WillNotSign, NewIncarnation, LeadershipLost or what an outage raises."""
        sealing = asyncio.create_task(self._seal_for_ever(), name="sealer")
        retracing = asyncio.create_task(self._retrace_for_ever(), name="sealer retrace")
        tasks = [sealing, retracing]
        if self._place.witnesses is not None:
            asking = self._place.witnesses.ask(self._proofs.consistency, self._add_cosignature)
            tasks.append(asyncio.create_task(asking, name="sealer witnesses"))
        if self._place.stamps is not None:
            stamping = self._place.stamps.ask(self._files, self._log_id)
            tasks.append(asyncio.create_task(stamping, name="sealer time stamps"))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            await cancelled(*tasks)

    # From the log into chains and tree.

    async def _seal_for_ever(self) -> None:
        while True:
            self.woken.clear()
            self._leadership.check()
            self._said.state = "running"
            while await self._take_some():
                if time.monotonic() - self._signed_at >= self._pace.spacing_s:
                    await self._sign()
            await self._sign()
            await self._sum()
            await self._thin()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.woken.wait(), POLL_S)
            await asyncio.sleep(max(0.0, self._signed_at + self._pace.spacing_s - time.monotonic()))

    async def _look(self) -> int:
        """The log's head. Raises WillNotSign, NewIncarnation."""
        row = await (await self._session.execute(_LOOK)).fetchone()
        assert row is not None, "a migrated database has a head row"
        if row[0] != self._log_id:
            raise NewIncarnation
        if row[1] < self._signed_size:
            raise WillNotSign(
                f"the log ends at {row[1]}, and it was signed up to {self._signed_size}"
            )
        self._asked = row[2]
        return int(row[1])

    async def _take_some(self) -> bool:
        """The next events; whether there may be more at once."""
        first = self._growth.size + 1
        last = self._growth.size + PORTION
        for bound in (self._stored, *self._due):
            if first <= bound:
                last = min(last, bound)
        rows = await self.ahead.read(first, last)
        if len(rows) == PORTION:
            self.ahead.begin(last + 1, last + PORTION)
        end = await self._look()
        if rows and rows[-1].position > end:
            raise Tampered(end + 1, "an event stands behind the end of the log")
        if len(rows) < min(last, end) - first + 1 and not await self._is_late(first, rows):
            raise Tampered(first + len(rows), "the event is not there")
        if rows:
            await self._take(rows)
        return len(rows) == last - first + 1

    async def _is_late(self, first: int, rows: Sequence[StoredRow]) -> bool:
        """An event that was committed between the two questions is there when asked again."""
        missing = first + len(rows)
        return bool(await read_events(self._session, missing, missing))

    async def _take(self, rows: list[StoredRow]) -> None:
        if rows[0].position <= self._stored:
            made = await self._linker.known(rows)
        else:
            try:
                made = await self._linker.fresh(rows, self._leaf_at)
            except psycopg.errors.UniqueViolation as error:
                await self._leadership.confirm()
                raise Tampered(rows[0].position, "somebody else wrote its entry") from error
        if found := summing.summaries_in(rows):
            await summing.keep_summaries(self._session, found)
            self._summed = max(self._summed, found[-1].upto)
        news = (row.position for row in reversed(rows) if row.type != summing.SUMMED)
        self._newest = max(self._newest, next(news, 0))
        await self._tree.keep(self._growth.append(leaves_of(made)), self._signed_size)
        self._said.events += len(rows)
        size = self._growth.size
        due = self._due.pop(size, None)
        if due is not None and self._growth.root() != due:
            raise WillNotSign(f"the log up to position {size} is not the one that was signed")
        if size == self._signed_size:
            await self._tree.compare_edge(self._growth)

    async def _leaf_at(self, position: int) -> bytes | None:
        """What the tree holds there; None where no such leaf is in it."""
        if (position - 1) >> TILE_HEIGHT == self._growth.size >> TILE_HEIGHT:
            return self._growth.leaf((position - 1) % TILE_WIDTH)
        return await self._tree.leaf(position)

    # Signing.

    async def _sign(self) -> None:
        """Where there is something new. First it is kept here, then it is published."""
        size = self._growth.size
        if size == self._signed_size:
            return
        self._leadership.check()
        await self._keys.prepare()
        await self._tree.keep_edge(self._growth)
        at = time.time_ns() // 1000
        text = Checkpoint(self._origin, size, self._growth.root(), at).text()
        note = (await self._keys.sign(text)).encode()
        signed = read_signed(note, self._book, "that was made now")
        async with self._signing:
            await self._place.folder.keep_checkpoint(note)
            if not await checkpoints.add(self._session, signed, self._signed):
                await self._leadership.confirm()
                raise WillNotSign(
                    f"the checkpoint of {self._signed_size} in the database is not the one that was"
                    " signed there, or somebody else signs"
                )
            await self._publish(signed)
            self._signed = signed
        self._signed_at = time.monotonic()
        self._said.checkpoints += 1
        self._said.size = size
        self._offer(signed)

    def _offer(self, signed: SignedTree) -> None:
        """To witnesses and to who stamps, who answer whenever they do."""
        if self._place.stamps is not None:
            self._place.stamps.offer(signed)
        if self._place.witnesses is not None:
            said = parse_checkpoint(parse_note(signed.note).text)
            self._proofs.hear(Signed(said, signed.note.decode()))
            self._offered[signed.size] = signed
            if len(self._offered) > _OFFERS_KEPT:
                del self._offered[next(iter(self._offered))]
            self._place.witnesses.offer(signed)

    async def _add_cosignature(self, signed: SignedTree, signature: NoteSignature) -> None:
        """Where the checkpoint stands, and where it is published if no other is by now."""
        async with self._signing:
            self._leadership.check()
            made = cosigned(self._offered.get(signed.size, signed), signature)
            self._offered[signed.size] = made
            await checkpoints.cosign(self._session, made)
            if self._signed is not None and self._signed.size == made.size:
                await self._place.folder.keep_checkpoint(made.note)
                await self._publish(made)
                self._signed = made

    async def _publish(self, signed: SignedTree) -> None:
        name = file_of(self._log_id, CHECKPOINT)
        if await self._files.read(name) != self._published:
            await self._leadership.confirm()
            raise WillNotSign("the published checkpoint is not the one that was put there")
        await self._files.write(name, signed.note)
        self._published = signed.note

    async def _key_book(self) -> KeyBook:
        """Published again where that was not done yet when somebody was killed."""
        published = await self._files.read(KEYS)
        book = key_book(self._place.folder.keys(), published)
        if book.vkeys and book.document != published:
            await self._files.write(KEYS, book.document)
        return book

    async def _record(self, event: SigningKeyChanged) -> None:
        async with self._opened() as store:
            await summing.record(store, event)

    # Beside it.

    async def _sum(self) -> None:
        """Once a minute after new events, and whenever somebody waits for it."""
        size = self._growth.size
        is_due = self._newest > self._summed and time.monotonic() >= self._sum_at
        if not is_due and not self._summed < self._asked <= size:
            return
        async with self._opened() as store:
            summary = await summing.sum_chains(store, self._session, size)
        self._summed = summary.upto
        self._sum_at = time.monotonic() + self._pace.sum_every_s
        self.woken.set()

    async def _thin(self) -> None:
        if time.monotonic() - self._thinned_at > THIN_EVERY_S:
            self._thinned_at = time.monotonic()
            await checkpoints.thin(self._session)

    async def _retrace_for_ever(self) -> None:
        """Round by round; a large log within the hours that are set for it, a small one sooner."""
        while True:
            signed = self._signed
            if signed is None:
                await asyncio.sleep(POLL_S)
                continue
            retrace = Retrace(self._second, self._files, signed)
            in_time = signed.size / (self._pace.retrace_hours * _HOUR_S)
            pace = max(self._pace.retraced_a_second, in_time)
            while not retrace.done:
                before = retrace.position
                await retrace.step()
                self._said.retraced += retrace.position - before
                await asyncio.sleep((retrace.position - before) / pace)
            await asyncio.sleep(self._pace.rest_s)

    async def _retrace_all(self, signed: SignedTree, trees: Sequence[SignedTree]) -> None:
        """At once, since nothing less tells that all is well."""
        known = {each.size: each.root for each in trees}
        retrace = Retrace(self._second, self._files, signed, known)
        while not retrace.done:
            await retrace.step()
