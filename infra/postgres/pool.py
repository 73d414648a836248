"""Connections to PostgreSQL: how every one of ours is opened."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import _WaitTimeout  # it has no public name
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from infra.postgres.prepared import PreparedConnection

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
V = TypeVar("V")

# A peer that is gone without a word is noticed within about ten seconds: idle connections by
# keep-alives, ones that wait for an answer by unacknowledged bytes.
_TRANSPORT = {
    "client_encoding": "UTF8",
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
# The server sees a stalled client in the same way, and lets go of what that client held.
_SERVER = {
    "TimeZone": "UTC",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_PREPARE_AFTER_USES = 2
_WAIT_POLL_S = 0.1
_PATIENCE_S = 10.0
_GRACE_S = 2.0


def conninfo(
    url: str,
    *,
    role: str | None = None,
    application: str = "taskledger",
    statement_timeout_ms: int = 10_000,
    idle_in_transaction_ms: int = 10_000,
    settings: dict[str, str] | None = None,
) -> str:
    """`url` with our time-outs; what it says itself wins. `role` is taken on at log-in."""
    given = conninfo_to_dict(url)
    server = {
        **_SERVER,
        "statement_timeout": str(statement_timeout_ms),
        "idle_in_transaction_session_timeout": str(idle_in_transaction_ms),
        **(settings or {}),
    }
    if role is not None and given.get("user") != role:
        server["role"] = role
    options = [f"-c {name}={value}" for name, value in server.items()]
    if given.get("options"):
        options.append(str(given["options"]))
    merged: dict[str, Any] = {
        **_TRANSPORT,
        "application_name": application,
        **given,
        "options": " ".join(options),
    }
    return make_conninfo(**merged)


class PooledConnection(PreparedConnection):
    """Given up when an answer takes longer than the server may take for one: a server that is
    there and does nothing, its machine paused or its disk hanging, is as good as gone."""

    patience_s = _PATIENCE_S
    when_lost: Callable[[], None] | None = None

    async def wait(
        self,
        gen: PQGen[V],
        interval: float = _WAIT_POLL_S,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is psycopg's
    ) -> V:
        """Raises TimeoutError as well."""
        try:
            return await super().wait(gen, interval, timeout or self.patience_s)
        except _WaitTimeout:
            if timeout is not None:
                raise
            # What is left of the query is not waited for.
            self.pgconn.finish()
            raise TimeoutError from None
        except OperationalError:
            if self.closed and self.when_lost is not None:
                self.when_lost()
            raise

    async def commit(self) -> None:
        """Whoever gives a connection back asks for it, also where nothing was begun."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            await super().commit()


async def open_pool(
    url: str,
    *,
    role: str | None = None,
    min_size: int = 1,
    max_size: int = 8,
    application: str = "taskledger",
    statement_timeout_ms: int = 10_000,
    acquire_timeout_seconds: float = 5.0,
    max_waiting: int = 1_000,
) -> Pool:
    """A pool of autocommit connections that act as `role`.

    Returns at once, also while PostgreSQL is away: connections are made in the background, and
    who asks for one meanwhile gets psycopg_pool.PoolTimeout in time. Where one is found to be
    lost the others are looked at, so that a server that went away is met once, not by as many
    as there are connections.
    """
    looked_at: asyncio.Task[None] | None = None

    def look_at_all() -> None:
        nonlocal looked_at
        if looked_at is None or looked_at.done():
            looked_at = asyncio.create_task(pool.check(), name=f"check {application}")

    async def configure(connection: Connection) -> None:
        assert isinstance(connection, PooledConnection)
        connection.patience_s = statement_timeout_ms / 1000 + _GRACE_S
        connection.when_lost = look_at_all

    pool: Pool = AsyncConnectionPool(
        conninfo(
            url,
            role=role,
            application=application,
            statement_timeout_ms=statement_timeout_ms,
        ),
        connection_class=PooledConnection,
        configure=configure,
        kwargs={"autocommit": True, "prepare_threshold": _PREPARE_AFTER_USES},
        min_size=min_size,
        max_size=max_size,
        timeout=acquire_timeout_seconds,
        max_waiting=max_waiting,
        reconnect_timeout=10.0,
        max_idle=300.0,
        name=application,
        open=False,
    )
    await pool.open(wait=False)
    return pool


@contextlib.asynccontextmanager
async def connected(url: str, *, role: str | None = None) -> AsyncIterator[Connection]:
    """One autocommit connection of its own, for a command. Raises psycopg.OperationalError."""
    async with await AsyncConnection.connect(
        conninfo(url, role=role), autocommit=True
    ) as connection:
        yield connection
