"""One projector's work for as long as it leads: take events once, fold them into every member."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import field

import structlog
from nats.errors import Error as NatsError

from domain.values.frozen import dataclass
from infra.event_store.rows import StoredRow
from infra.nats.connection import NatsAway, NatsConnection, Subscription
from infra.nats.consumer import LogConsumer, Message
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.nats.wake import Beat, on_beat, on_change, send_views
from infra.postgres.pool import Connection
from infra.postgres.trip import together
from infra.processes import careful, dead_letters, generations
from infra.processes.counters import Counters
from infra.processes.generations import Move
from infra.processes.intake import Intake
from infra.processes.kept_rows import RowLimits
from infra.processes.log import Log, head
from infra.processes.member import Batch, Member
from infra.processes.membership import Membership
from infra.processes.outages import described, is_fence, is_outage
from infra.processes.pace import Pace
from infra.processes.published import contradiction, last_batch
from infra.processes.sessions import Leadership, Sessions
from infra.processes.statistics import keep_analysed
from infra.tasks import cancelled
from projections.projection import Projection

TICK_S = 0.25
REFRESH_S = 1.0
# Longer than two beats, and shorter than what a reader waits for a view.
SILENCE_S = 1.2
GATHER_S = 0.06

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProjectorLimits:
    """A batch has at most so many events and about so many bytes, and writes about as many at
    most; `kept` are the rows that each table of each view has in memory."""

    batch_events: int = 1_000
    batch_bytes: int = 4 * 1024 * 1024
    written_bytes: int = 32 * 1024 * 1024
    kept: RowLimits = field(default_factory=lambda: RowLimits(10_000, 16 * 1024 * 1024))


@dataclass(frozen=True, slots=True)
class Links:
    """What a group is connected to. `reader` and `writer` serve nothing else."""

    reader: Connection
    writer: Connection
    sessions: Sessions
    nats: NatsConnection
    store: Log


@dataclass(frozen=True, slots=True)
class _Written:
    """A batch on its way into the database, and the message to acknowledge once it is there."""

    task: "asyncio.Task[None]"
    batches: list[tuple[Member, Batch]]
    upto: int
    message: Message | None


class Group:
    """`views` are those that `leadership` holds. Made for one life; errors end it."""

    def __init__(
        self,
        views: Sequence[Projection],
        leadership: Leadership,
        links: Links,
        log_id: str,
        durable: str,
        limits: ProjectorLimits,
        pace: Pace,
        counters: Counters,
    ) -> None:
        self._leadership = leadership
        self._links = links
        self._store = links.store
        self._log_id = log_id
        self._subjects = Subjects(log_id)
        self._limits = limits
        self._pace = pace
        self._counters = counters
        self._membership = Membership(
            views,
            leadership,
            links.sessions,
            links.store,
            log_id,
            limits.kept,
            self._hear_change,
        )
        self._members = self._membership.members
        self._upkeep: list[asyncio.Task[None]] = []
        self._stirred = asyncio.Event()
        self._consumer = LogConsumer(links.nats, self._subjects, durable, self._stirred.set)
        self._intake = Intake(self._consumer, links.store, log_id, counters)
        self._stream = LogStream(links.nats, self._subjects, StreamLimits())
        self._subscriptions: list[Subscription] = []
        self._written: _Written | None = None
        self._contradiction: str | None = None
        self._careful_upto = 0
        self._began_at = 0.0
        self._full = False
        self._heard_at = 0.0
        self._beaten_head = 0
        self._next_tick = 0.0
        self._next_refresh = 0.0
        self._folded_at_beat = -1

    async def open(self) -> None:
        nats = self._links.nats
        self._subscriptions = [
            await on_beat(nats, self._log_id, self._hear_beat),
            await on_change(nats, self._log_id, self._hear_change),
        ]
        await self._membership.open()
        keeping = keep_analysed(self._links.sessions, self._membership.filled)
        self._upkeep.append(asyncio.create_task(keeping, name="statistics"))

    async def close(self) -> None:
        tasks = [*self._membership.building, *self._upkeep]
        if self._written is not None:
            tasks.append(self._written.task)
        await cancelled(*tasks)
        for subscription in self._subscriptions:
            await subscription.close()
        await self._consumer.close()

    async def step(self) -> None:
        """Take what there is, or wait a little for it."""
        try:
            now = time.monotonic()
            if now >= self._next_tick:
                await self._tick(now)
            await self._let_gather()
            rows, message = await self._gather()
            if rows:
                await self._take(rows, message)
            elif self._written is not None:
                await self._settle()
            else:
                await self._rest(message)
        except Exception as error:
            if not is_fence(error):
                raise
            await self._give_way()

    async def _let_gather(self) -> None:
        """A batch begins at once after a quiet while; else, unless the last one was full, events
        gather first, since a batch costs about as much as thirty events."""
        if not self._full:
            left = self._began_at + GATHER_S - time.monotonic()
            if left > 0:
                await self._settle()
                await asyncio.sleep(left)

    # Taking events in.

    async def _gather(self) -> tuple[list[StoredRow], Message | None]:
        """The next events of the slowest member, and the last message they came with."""
        if not self._members:
            self._consumer.clear()
            return [], None
        following = min(member.folded for member in self._members.values())
        size = self._pace.size
        if self._intake.ask_log or following < self._careful_upto:
            rows = await self._intake.read(following, size)
            if rows:
                return rows, None
        taken = await self._intake.drain(following, size, self._limits.batch_bytes)
        if taken[1] is not None:
            self._heard_at = time.monotonic()
        await self._consumer.pull()
        return taken

    async def _take(self, rows: list[StoredRow], message: Message | None) -> None:
        self._began_at = time.monotonic()
        self._full = len(rows) >= self._pace.size
        if rows[0].position <= self._careful_upto:
            await self._take_carefully(rows)
            return
        try:
            batches = await self._fold(rows)
        except Exception as error:
            if is_outage(error) or is_fence(error):
                raise
            if await self._settle():
                self._go_back(rows[-1].position, error)
            return
        if not await self._settle():
            return
        for member, _ in batches:
            member.rows.leave()
        self._written = _Written(
            asyncio.create_task(self._write([batch for _, batch in batches])),
            batches,
            rows[-1].position,
            message,
        )

    @property
    def _aliases(self) -> bool:
        return any(member.projection.addresses for member in self._members.values())

    async def _fold(self, rows: Sequence[StoredRow]) -> list[tuple[Member, Batch]]:
        events = await self._store.decode(rows, aliases=self._aliases)
        news = [(m, ahead) for m in self._members.values() if (ahead := m.ahead(events))]
        asked = [(member.rows, wanted) for member, ahead in news if (wanted := member.asked(ahead))]
        while asked:
            questions = [each for store, wanted in asked for each in store.questions(wanted)]
            answers = iter(await together(self._links.reader, questions))
            for store, wanted in asked:
                store.hear(wanted, answers)
            asked = [
                (store, further) for store, wanted in asked if (further := store.beyond(wanted))
            ]
        return [(member, member.fold(ahead)) for member, ahead in news]

    async def _write(self, batches: Sequence[Batch]) -> None:
        """Rows, dead letters and checkpoints, whole or not at all, in one round trip."""
        statements = [generations.moving([batch.move for batch in batches], self._log_id)]
        for batch in batches:
            statements += batch.changes.statements
            statements += dead_letters.storing(batch.move.generation, batch.letters)
        await together(self._links.writer, statements)

    async def _settle(self) -> bool:
        """Wait for the batch being written. False when something in it cannot be applied: then
        all members are back at their checkpoints, and what follows is to be taken again."""
        written = self._written
        if written is None:
            return True
        try:
            await written.task
        except Exception as error:
            self._written = None
            if is_outage(error) or is_fence(error):
                raise
            self._go_back(written.upto, error)
            return False
        self._written = None
        for member, batch in written.batches:
            member.position = batch.move.new
            member.rows.committed()
            self._counters.events += batch.move.new - batch.move.old
        self._counters.batches += 1
        if sum(batch.changes.size for _, batch in written.batches) > self._limits.written_bytes:
            self._pace.slower()
        else:
            self._pace.faster()
        if any(self._membership.is_joining(member.generation) for member, _ in written.batches):
            self._hear_change()
        await self._tell(written.message)
        return True

    async def _take_carefully(self, rows: list[StoredRow]) -> None:
        """Batches in which something cannot be applied: one at a time, nothing in memory."""
        rows = [row for row in rows if row.position <= self._careful_upto]
        events = await careful.decode(self._store, rows, aliases=self._aliases)
        writer = self._links.writer
        news = {member: member.ahead(events) for member in self._members.values()}
        parked = {member: set(member.parked) for member in news}
        moves = [
            Move(member.generation, member.epoch, member.position, ahead[-1].position)
            for member, ahead in news.items()
            if ahead
        ]
        async with writer.transaction():
            await generations.move(writer, moves, self._log_id)
            for member, ahead in news.items():
                await careful.apply(
                    writer, member.projection, member.generation, parked[member], ahead
                )
        for member, ahead in news.items():
            member.parked = parked[member]
            if ahead:
                member.position = member.folded = ahead[-1].position
        self._intake.ask_log = True
        await self._tell(None)

    def _go_back(self, upto: int, error: Exception) -> None:
        """Something up to `upto` cannot be applied: start from the checkpoints, carefully."""
        log.warning("batch_not_applicable", upto=upto, error=described(error))
        self._counters.poisoned += 1
        self._careful_upto = max(self._careful_upto, upto)
        for member in self._members.values():
            member.forget()

    async def _give_way(self) -> None:
        """A checkpoint was taken or changed by another: read them all again, if we still lead."""
        self._counters.fenced += 1
        if self._written is not None:
            await cancelled(self._written.task)
            self._written = None
        await self._leadership.confirm()
        log.info("checkpoints_changed_by_another")
        await self._refresh(claim_all=True)

    # Keeping watch.

    async def _rest(self, message: Message | None) -> None:
        if message is not None:  # nothing new in it: it need not come again
            await self._consumer.acknowledge(message)
        self._stirred.clear()
        if self._consumer.holds_messages:
            return
        left = max(0.0, self._next_tick - time.monotonic())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), left)

    async def _tick(self, now: float) -> None:
        self._next_tick = now + TICK_S
        if await self._consumer.mend():
            self._intake.ask_log = True
            self._intake.believed = False
            self._next_refresh = 0.0
        if now - self._heard_at > SILENCE_S or not self._intake.believed:
            self._intake.ask_log = True
        if now >= self._next_refresh:
            self._next_refresh = now + REFRESH_S
            self._ask_if_stuck()
            await self._refresh()
            if self._consumer.flowing and not self._intake.believed:
                await self._check_stream()

    def _ask_if_stuck(self) -> None:
        """The relay says that there is more, and nothing has come since it said so before."""
        folded = min((member.folded for member in self._members.values()), default=0)
        if folded < self._beaten_head and folded == self._folded_at_beat:
            self._intake.ask_log = True
        self._folded_at_beat = folded

    async def _check_stream(self) -> None:
        """Whether the stream may be believed; without it, all comes from the log."""
        try:
            batch = await last_batch(self._stream)
        except (NatsAway, NatsError, TimeoutError, OSError):
            return
        here = await head(self._leadership.session)
        wrong = await contradiction(batch, here.position, self._store)
        if wrong != self._contradiction and wrong is not None:
            log.error("stream_not_believed", reason=wrong)
        self._contradiction = wrong
        self._intake.believed = wrong is None

    async def _refresh(self, *, claim_all: bool = False) -> None:
        writing = self._written is not None
        if await self._membership.refresh(claim_all=claim_all, writing=writing):
            self._intake.ask_log = True

    async def _tell(self, message: Message | None) -> None:
        if message is not None:
            await self._consumer.acknowledge(message)
        await send_views(self._links.nats, self._log_id, self._membership.positions)

    def _hear_beat(self, beat: Beat) -> None:
        self._heard_at = time.monotonic()
        self._beaten_head = beat.head

    def _hear_change(self) -> None:
        self._next_tick = self._next_refresh = 0.0
        self._stirred.set()
