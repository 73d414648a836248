"""Sessions of their own for background work, and leadership by advisory locks on one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

from infra.postgres.pool import Connection, conninfo
from infra.postgres.prepared import PreparedConnection
from infra.postgres.views.rows import adapt
from infra.tasks import cancelled

WORKER = "taskledger_worker"
PING_S = 2.0
PING_TIMEOUT_S = 5.0
IDLE_LIMIT_S = 10
STANDBY_POLL_S = 0.5

# For sessions that only ever look rows up by arrays of keys: planned once, and never by what the
# statistics of a young table seem to say.
LOOK_UPS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

log = structlog.get_logger()


class LeadershipLost(ConnectionError):
    """The session that held the locks is gone, so somebody else may lead by now."""


class Leadership:
    """Advisory locks of one session: while it lives, nobody else leads what it leads.

    A leader that is paused stops its pings, and the server ends its session (IDLE_LIMIT_S), so
    that another may lead; what the paused one still writes when it wakes is refused by epoch.
    """

    def __init__(self, session: Connection) -> None:
        self.session = session
        self.held: set[str] = set()
        self._lost: BaseException | None = None

    async def try_lead(self, name: str) -> bool:
        """True if this session leads `name` now. Raises psycopg.Error when the session is gone."""
        if name in self.held:
            return True
        cursor = await self.session.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (f"taskledger:{name}",)
        )
        row = await cursor.fetchone()
        if row is None or not row[0]:
            return False
        self.held.add(name)
        return True

    async def lead(self, name: str) -> None:
        """Wait until this session leads `name`."""
        while True:
            if await self.try_lead(name):
                return
            await asyncio.sleep(STANDBY_POLL_S)

    async def resign(self, name: str) -> None:
        if name in self.held:
            self.held.discard(name)
            await self.session.execute(
                "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (f"taskledger:{name}",)
            )

    def check(self) -> None:
        """Raises LeadershipLost as soon as a ping has failed."""
        if self._lost is not None:
            raise LeadershipLost(str(self._lost)) from self._lost

    async def confirm(self) -> None:
        """Ask the server now. Raises LeadershipLost."""
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await self.session.execute("SELECT 1")
        except psycopg.errors.InFailedSqlTransaction:
            pass  # an answer all the same: whoever asked before is about to roll back
        except (psycopg.Error, OSError, TimeoutError) as error:
            self._lost = error
        self.check()

    async def ping(self) -> None:
        """Confirm for ever, until it fails; run beside the work."""
        while self._lost is None:
            await asyncio.sleep(PING_S)
            try:
                await self.confirm()
            except LeadershipLost as lost:
                log.warning("leadership_lost", held=sorted(self.held), error=str(lost))


class Sessions:
    """Opens connections as the worker role; `url` may log in as somebody who may become it."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def open(
        self,
        application: str,
        *,
        statement_timeout_s: int = 60,
        settings: dict[str, str] | None = None,
    ) -> AsyncIterator[Connection]:
        """One autocommit connection, closed at the end. Its commits do not wait for the disk,
        which suits what can be had from the log again, unless `settings` say otherwise."""
        connection = await PreparedConnection.connect(
            conninfo(
                self._url,
                role=WORKER,
                application=application,
                statement_timeout_ms=statement_timeout_s * 1000,
                idle_in_transaction_ms=60_000,
                settings={"timezone": "UTC", "synchronous_commit": "off", **(settings or {})},
            ),
            autocommit=True,
            prepare_threshold=2,
        )
        adapt(connection)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def lead(self, application: str) -> AsyncIterator[Leadership]:
        """A session for locks, pinged; its own commits are durable."""
        settings = {
            "idle_session_timeout": f"{IDLE_LIMIT_S}s",
            "synchronous_commit": "on",
        }
        async with self.open(application, settings=settings) as session:
            leadership = Leadership(session)
            pinging = asyncio.create_task(leadership.ping(), name=f"{application} ping")
            try:
                yield leadership
            finally:
                await cancelled(pinging)
