"""Publishes the log to JetStream, in order, and beats out where its head is."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import NoStreamResponseError

from infra.event_store.rows import StoredRow
from infra.nats.connection import NatsAway, NatsConnection
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.nats.wake import Beat, on_commit, send_beat
from infra.nats.wire import encode_batch, message_id, pieces
from infra.postgres.pool import Connection
from infra.processes.backoff import Backoff
from infra.processes.log import Head, Log, NewIncarnation, Portion, head
from infra.processes.outages import described, starts_over
from infra.processes.published import contradiction, last_batch
from infra.processes.sessions import Leadership, Sessions
from infra.tasks import cancelled

BEAT_S = 0.5
POLL_S = 1.0
SAVE_S = 0.25
GATHER_S = 0.03
READ_EVENTS = 1_000
WINDOW = 8
TRIES = 2
REWIND_MOST = 100_000
REPLACE_AFTER_S = 3.0
LOCK = "relay"

log = structlog.get_logger()


class Deposed(ConnectionError):
    """Another relay has taken over."""


@dataclass(slots=True)
class _Counters:
    """Since the process began."""

    events: int = 0
    messages: int = 0
    rewinds: int = 0


class Relay:
    """One relay leads, by an advisory lock; any other stands by. `owner` names this process."""

    def __init__(
        self,
        store: Log,
        sessions: Sessions,
        nats: NatsConnection,
        *,
        owner: str,
        limits: StreamLimits | None = None,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._nats = nats
        self._owner = owner
        self._limits = limits or StreamLimits()
        self._counters = _Counters()
        self._state = "starting"

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        counters = self._counters
        return {
            "state": self._state,
            "events": counters.events,
            "messages": counters.messages,
            "rewinds": counters.rewinds,
        }

    async def run(self) -> None:
        """Until cancelled, through every outage."""
        backoff = Backoff()
        while True:
            try:
                async with self._sessions.lead("relay-lock") as leadership:
                    self._state = "standing by"
                    await leadership.lead(LOCK)
                    backoff.reset()
                    async with self._sessions.open("relay") as session:
                        term = _Term(self, leadership, session, await head(session))
                        await term.serve()
            except NewIncarnation:
                log.warning("relay_meets_new_incarnation")
            except Exception as error:
                self._state = starts_over("relay", error)
            await backoff.wait()


class _Term:
    """What one leader does until it fails, is deposed, or the log becomes another one.

    `cursor`: JetStream has acknowledged everything up to here, in this epoch or an earlier one.
    """

    def __init__(
        self, relay: Relay, leadership: Leadership, session: Connection, here: Head
    ) -> None:
        self._relay = relay
        self._store = relay._store
        self._nats = relay._nats
        self._counters = relay._counters
        self._leadership = leadership
        self._session = session
        self._log_id = here.log_id
        self._head = here.position
        self._stream = self._stream_of(here.log_id)
        self._former: str | None = None
        self._woken = asyncio.Event()
        self._epoch = 0
        self._cursor = 0
        self._saved_at = 0.0
        self._state = "starting"
        self._reason: str | None = None
        self._fruitless_since: float | None = None

    async def serve(self) -> None:
        """Raises NewIncarnation, Deposed, LeadershipLost or what PostgreSQL raises."""
        stopped = await self._take_over()
        woken = await on_commit(self._nats, self._log_id, self._woken.set)
        beating = asyncio.create_task(self._beat_for_ever(), name="relay beat")
        working = asyncio.create_task(self._work(stopped), name="relay work")
        try:
            await asyncio.wait((beating, working), return_when=asyncio.FIRST_COMPLETED)
            for task in (beating, working):
                if task.done():
                    task.result()
        finally:
            await cancelled(beating, working)
            await woken.close()

    async def _work(self, stopped: str | None) -> None:
        backoff = Backoff()
        while stopped is None:
            try:
                if not await self._nats.wait_connected(within_s=POLL_S):
                    self._is("waiting", "NATS is away")
                    continue
                connects = self._nats.connects
                stopped = await self._compare()
                if stopped is None:
                    self._is("running")
                    await self._publish_while(connects)
                    backoff.reset()
            except (NatsAway, NatsError, TimeoutError) as error:
                if self._nats.connected and self._fruitless_since is None:
                    self._fruitless_since = time.monotonic()
                self._is("waiting", f"JetStream does not take events: {described(error)}")
                log.warning("relay_waits", error=repr(error))
                await backoff.wait()
        self._is("stopped", stopped)
        log.error("relay_stopped", reason=stopped)
        await asyncio.Event().wait()

    # Taking over, and comparing what was published with the log.

    async def _take_over(self) -> str | None:
        """Raise the epoch, durably. Returns why this log may not be published, if it may not."""
        cursor = await self._leadership.session.execute(
            "WITH former AS (SELECT log_id FROM ops.relay)"
            " INSERT INTO ops.relay AS r (log_id, epoch, cursor, head, state, owner)"
            " VALUES (%(log_id)s, 1, %(cursor)s, %(head)s, 'starting', %(owner)s)"
            " ON CONFLICT (one_row) DO UPDATE SET log_id = EXCLUDED.log_id, epoch = r.epoch + 1,"
            " head = EXCLUDED.head, owner = EXCLUDED.owner, beat_at = clock_timestamp(),"
            " cursor = CASE WHEN r.log_id = EXCLUDED.log_id THEN r.cursor ELSE EXCLUDED.cursor END,"
            " state = CASE WHEN r.log_id = EXCLUDED.log_id AND r.state = 'stopped'"
            " THEN 'stopped' ELSE 'starting' END"
            " RETURNING epoch, cursor, state, reason,"
            " (SELECT f.log_id::text FROM former f WHERE f.log_id <> r.log_id)",
            {
                "log_id": self._log_id,
                "head": self._head,
                "cursor": max(0, self._head - REWIND_MOST),
                "owner": self._relay._owner,
            },
        )
        row = await cursor.fetchone()
        assert row is not None
        self._epoch, self._cursor = int(row[0]), int(row[1])
        self._former = row[4]
        log.info("relay_leads", log_id=self._log_id, epoch=self._epoch, cursor=self._cursor)
        return str(row[3]) if row[2] == "stopped" else None

    async def _compare(self) -> str | None:
        """Make sure of the stream, and go back if it does not have all up to the cursor. Returns
        why the log is not the one that was published, if it is not."""
        since = self._fruitless_since
        if since is not None and time.monotonic() - since > REPLACE_AFTER_S:
            log.warning("stream_replaced")
            await self._stream.replace()
            self._fruitless_since = None
        if self._former is not None:
            await self._stream_of(self._former).delete()
            self._former = None
        await self._stream.ensure()
        batch = await last_batch(self._stream)
        self._head = (await head(self._session)).position
        wrong = await contradiction(batch, self._head, self._store)
        if wrong is not None:
            return wrong
        if batch is None or batch.last < self._cursor:
            await self._rewind(batch.epoch if batch else 0)
        elif batch.epoch >= self._epoch:
            await self._new_epoch(batch.epoch, self._cursor)
        return None

    async def _rewind(self, seen_epoch: int) -> None:
        """Back to the lowest checkpoint of a view, so that what the stream has lost passes again;
        a view that is further back has the log."""
        cursor = await self._session.execute(
            "SELECT min(c.position) FROM ops.checkpoints c"
            " JOIN ops.projection_generations g USING (name, version, generation)"
            " WHERE g.state = 'live' AND c.log_id = %s",
            (self._log_id,),
        )
        row = await cursor.fetchone()
        lowest = self._cursor if row is None or row[0] is None else int(row[0])
        target = max(0, min(self._cursor, lowest), self._cursor - REWIND_MOST)
        if target < self._cursor:
            log.warning("relay_rewinds", cursor=self._cursor, to=target)
        self._counters.rewinds += 1
        await self._new_epoch(seen_epoch, target)

    async def _new_epoch(self, seen: int, cursor: int) -> None:
        """One that no message of ours can carry yet, on disk before the first one does."""
        answer = await self._leadership.session.execute(
            "UPDATE ops.relay SET epoch = greatest(epoch, %s) + 1, cursor = %s"
            " WHERE epoch = %s AND log_id = %s RETURNING epoch",
            (seen, cursor, self._epoch, self._log_id),
        )
        row = await answer.fetchone()
        if row is None:
            raise Deposed
        self._epoch, self._cursor = int(row[0]), cursor

    def _stream_of(self, log_id: str) -> LogStream:
        return LogStream(self._nats, Subjects(log_id), self._relay._limits)

    # Publishing.

    async def _publish_while(self, connects: int) -> None:
        """Until NATS was reconnected. Raises what a publish raises when it was tried enough."""
        sent = self._cursor
        portion = Portion(READ_EVENTS)
        flying: deque[tuple[int, asyncio.Task[None]]] = deque()
        try:
            while self._nats.connects == connects:
                self._woken.clear()
                began = time.monotonic()
                rows = await self._store.read_rows(sent + 1, sent + portion.events)
                for piece in pieces(rows):
                    await self._land(flying, leave=WINDOW - 1)
                    flying.append((piece[-1].position, asyncio.create_task(self._send(piece))))
                    sent = piece[-1].position
                full = len(rows) == portion.events
                portion.learn(rows)
                await self._land(flying, leave=WINDOW if full else 0)
                if time.monotonic() - self._saved_at > SAVE_S:
                    await self._write_down()
                if not full:
                    await self._rest(began)
        finally:
            await cancelled(*(task for _, task in flying))

    async def _land(self, flying: "deque[tuple[int, asyncio.Task[None]]]", *, leave: int) -> None:
        """Move the cursor over what was acknowledged, in order, waiting while more than `leave`
        messages are on their way."""
        while flying and (len(flying) > leave or flying[0][1].done()):
            last, task = flying.popleft()
            await task
            self._cursor = last
            self._fruitless_since = None

    async def _send(self, rows: Sequence[StoredRow]) -> None:
        """One message; tried again with the same bytes and the same id."""
        payload = encode_batch(self._log_id, self._epoch, rows)
        identity = message_id(self._log_id, self._epoch, rows)
        for attempt in range(1, TRIES + 1):
            try:
                await self._stream.publish(payload, identity)
            except NoStreamResponseError:
                raise
            except (NatsAway, NatsError, TimeoutError):
                if attempt == TRIES or not self._nats.connected:
                    raise
                await asyncio.sleep(0.05 * attempt)
            else:
                self._counters.events += len(rows)
                self._counters.messages += 1
                return

    async def _rest(self, began: float) -> None:
        """Until there is more; at once after a quiet while, else events gather for a message."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), POLL_S)
        await asyncio.sleep(max(0.0, began + GATHER_S - time.monotonic()))

    # The pulse.

    async def _write_down(self) -> None:
        """State and cursor: a cursor that falls behind is harmless, one ahead would not be."""
        self._saved_at = time.monotonic()
        answer = await self._session.execute(
            "UPDATE ops.relay SET cursor = %s, head = %s, state = %s, reason = %s,"
            " beat_at = clock_timestamp() WHERE epoch = %s AND log_id = %s",
            (self._cursor, self._head, self._state, self._reason, self._epoch, self._log_id),
        )
        if answer.rowcount != 1:
            raise Deposed

    async def _beat_for_ever(self) -> None:
        while True:
            here = await head(self._session)
            if here.log_id != self._log_id:
                raise NewIncarnation
            if here.position < self._head and self._state != "stopped":
                raise Deposed(f"the head went back from {self._head} to {here.position}")
            self._head = here.position
            self._leadership.check()
            await self._write_down()
            await send_beat(self._nats, self._log_id, Beat(self._head, self._cursor))
            await asyncio.sleep(BEAT_S)

    def _is(self, state: str, reason: str | None = None) -> None:
        self._state, self._reason = state, reason
        self._relay._state = state
