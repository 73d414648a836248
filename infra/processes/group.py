"""One projector's work for as long as it leads: take events once, fold them into every member."""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
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
from infra.processes import careful, dead_letters, generations
from infra.processes.broken import discard_broken
from infra.processes.build import JOIN_WITHIN, BuildLimits, build_first, catch_up
from infra.processes.counters import Counters
from infra.processes.former import drop_former
from infra.processes.generations import Generation, Move, Standing
from infra.processes.healing import heal_what_is_known_now
from infra.processes.intake import Intake
from infra.processes.kept_rows import RowLimits
from infra.processes.log import Log, NewIncarnation, head
from infra.processes.member import Batch, Member
from infra.processes.outages import Fenced, described, is_fence, is_outage
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
DROP_AFTER_S = 5.0

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
        self._views = {(view.name, view.version): view for view in views}
        self._leadership = leadership
        self._links = links
        self._store = links.store
        self._log_id = log_id
        self._subjects = Subjects(log_id)
        self._limits = limits
        self._pace = pace
        self._counters = counters
        self._members: dict[Generation, Member] = {}
        self._states: dict[Generation, str] = {}
        self._answers: set[Generation] = set()
        self._builds: dict[tuple[str, int], asyncio.Task[None]] = {}
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

    @property
    def positions(self) -> Mapping[str, int]:
        """Of the generations that answer, by view."""
        return {
            generation.name: member.position
            for generation, member in self._members.items()
            if generation in self._answers
        }

    async def open(self) -> None:
        nats = self._links.nats
        self._subscriptions = [
            await on_beat(nats, self._log_id, self._hear_beat),
            await on_change(nats, self._log_id, self._hear_change),
        ]
        await self._leave_other_incarnations()
        await self._refresh(claim_all=True)
        keeping = keep_analysed(self._links.sessions, self._filled)
        self._upkeep.append(asyncio.create_task(keeping, name="statistics"))
        for key, view in self._views.items():
            parked = [g for g, m in self._members.items() if m.projection is view and m.parked]
            if parked and key not in self._builds:
                work = heal_what_is_known_now(view, parked, self._store, self._links.sessions)
                self._start_build(key, work)

    async def close(self) -> None:
        tasks = [*self._builds.values(), *self._upkeep]
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
        reader = self._links.reader
        while asked:
            async with reader.pipeline():
                answers = [(store, await store.ask(reader, wanted)) for store, wanted in asked]
            for store, answer in answers:
                await store.hear(answer)
            asked = [
                (store, further) for store, wanted in asked if (further := store.beyond(wanted))
            ]
        return [(member, member.fold(ahead)) for member, ahead in news]

    async def _write(self, batches: Sequence[Batch]) -> None:
        """Rows, dead letters and checkpoints, whole or not at all, in one round trip."""
        writer = self._links.writer
        try:
            async with writer.pipeline():
                await writer.execute("BEGIN")
                await generations.move(writer, [batch.move for batch in batches], self._log_id)
                for batch in batches:
                    await batch.changes.write(writer)
                    await dead_letters.store(writer, batch.move.generation, batch.letters)
                await writer.execute("COMMIT")
        except BaseException:
            if not writer.closed:
                await writer.rollback()
            raise

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
        if any(self._states.get(member.generation) == "joining" for member, _ in written.batches):
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
        """Take up and let go members as their generations come and go."""
        locks = self._leadership.session
        here = await head(locks)
        if here.log_id != self._log_id:
            raise NewIncarnation
        await discard_broken(locks, self._views)
        names = {name for name, _ in self._views}
        standings = [
            standing
            for standing in await generations.standings(locks, names)
            if (standing.generation.name, standing.generation.version) in self._views
        ]
        await self._begin_missing(standings)
        wanted = {s.generation: s for s in standings if s.state in ("joining", "live", "retired")}
        if not claim_all and self._overtaken(wanted):
            raise Fenced
        if claim_all:
            self._members.clear()
        for generation in self._members.keys() - wanted.keys():
            del self._members[generation]
        await self._claim([s for g, s in wanted.items() if g not in self._members])
        self._states = {generation: wanted[generation].state for generation in self._members}
        self._answers = {s.generation for s in standings if s.answers}
        await self._welcome(here.position)
        for generation in await generations.retired(locks, DROP_AFTER_S):
            if (generation.name, generation.version) in self._views:
                await generations.drop(locks, generation)
        await drop_former(self._leadership, self._views)

    def _overtaken(self, wanted: Mapping[Generation, Standing]) -> bool:
        """Whether a checkpoint is not as we left it, while nothing of ours is on its way."""
        return self._written is None and any(
            generation in wanted
            and (wanted[generation].epoch, wanted[generation].position)
            != (member.epoch, member.position)
            for generation, member in self._members.items()
        )

    async def _begin_missing(self, standings: Sequence[Standing]) -> None:
        """A version without a generation that could answer gets one, built from the log."""
        present = {
            (s.generation.name, s.generation.version)
            for s in standings
            if s.answers or s.state in ("joining", "live")
        }
        for key, view in self._views.items():
            if key not in present and key not in self._builds:
                log.info("view_begun", view=f"{view.name} v{view.version}")
                self._start_build(key, build_first(view, *self._build_with()))

    def _filled(self) -> Mapping[Generation, Projection]:
        return {each: member.projection for each, member in self._members.items()}

    def _start_build(self, key: tuple[str, int], work: Coroutine[None, None, None]) -> None:
        def done(task: asyncio.Task[None]) -> None:
            del self._builds[key]
            if not task.cancelled() and (error := task.exception()) is not None:
                log.warning("build_failed", view=key[0], version=key[1], exc_info=error)
            self._hear_change()

        task = asyncio.create_task(work, name=f"build {key[0]} v{key[1]}")
        task.add_done_callback(done)
        self._builds[key] = task

    def _build_with(self) -> tuple[Log, Sessions, str, BuildLimits]:
        return self._store, self._links.sessions, self._log_id, BuildLimits(chunk_events=250)

    async def _claim(self, standings: Sequence[Standing]) -> None:
        """Take over generations that are near; have those caught up apart that are not."""
        positions = [standing.position for standing in standings]
        positions += [member.position for member in self._members.values()]
        furthest = max(positions, default=0)
        near = []
        for standing in standings:
            generation = standing.generation
            key = (generation.name, generation.version)
            if standing.position >= furthest - JOIN_WITHIN:
                near.append(generation)
            elif key not in self._builds:
                log.info("view_far_behind", view=str(generation), position=standing.position)
                work = catch_up(self._views[key], generation, *self._build_with())
                self._start_build(key, work)
        claims = await generations.claim(self._leadership.session, near, self._log_id)
        for generation, (position, epoch) in claims.items():
            self._members[generation] = Member(
                self._views[generation.name, generation.version],
                generation,
                position,
                epoch,
                await dead_letters.parked(self._leadership.session, generation),
                self._limits.kept,
            )
            self._intake.ask_log = True

    async def _welcome(self, head_position: int) -> None:
        """Who joins and is as far as the rest, is live; who is the first of its view, answers."""
        session = self._leadership.session
        furthest = max((member.position for member in self._members.values()), default=0)
        alone = len(self._members) == 1
        enough = head_position if alone else furthest
        answered = {(g.name, g.version) for g in self._answers}
        for generation, member in self._members.items():
            if member.position < enough:
                continue
            if self._states[generation] == "joining":
                await generations.set_state(session, generation, "live")
                self._states[generation] = "live"
                log.info("generation_joined", view=str(generation), position=member.position)
            key = (generation.name, generation.version)
            if key not in answered and await generations.point(session, generation):
                self._answers.add(generation)
                answered.add(key)
                log.info("view_answers", view=str(generation))

    async def _leave_other_incarnations(self) -> None:
        names = [name for name, _ in self._views]
        for generation in await generations.adopt(self._leadership.session, names, self._log_id):
            log.error("view_is_ahead_of_the_log", view=str(generation))
            await generations.discard(self._leadership.session, generation)

    async def _tell(self, message: Message | None) -> None:
        if message is not None:
            await self._consumer.acknowledge(message)
        await send_views(self._links.nats, self._log_id, self.positions)

    def _hear_beat(self, beat: Beat) -> None:
        self._heard_at = time.monotonic()
        self._beaten_head = beat.head

    def _hear_change(self) -> None:
        self._next_tick = self._next_refresh = 0.0
        self._stirred.set()
