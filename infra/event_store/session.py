"""The committer's own connection, and what must be certain about it before it is used."""

import asyncio
import contextlib
import os
import select
import socket
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection, conninfo
from infra.postgres.prepared import PreparedConnection, fetch_prepared

STATEMENT_TIMEOUT_MS = 5_000
_CALL_TIMEOUT_SECONDS = STATEMENT_TIMEOUT_MS / 1000 + 1
_CONNECT_TIMEOUT_SECONDS = 3.0
_END_TIMEOUT_MS = 3_000


class SessionLost(Exception):
    """The connection is gone, or as good as gone; what was last sent may have been done."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The server's side of a session; the time tells it from a later one of the same number."""

    pid: int
    started: datetime


@dataclass(frozen=True, slots=True)
class Head:
    log_id: uuid.UUID
    position: int


class Session:
    """One connection in autocommit; every call is one statement."""

    def __init__(self, connection: Connection, backend: Backend, head: Head) -> None:
        self._connection = connection
        self.backend = backend
        self.head = head

    @classmethod
    async def open(cls, url: str, role: str | None) -> "Session":
        """Raises SessionLost when there is no connection to be had.

        Never through a transaction pooler: what is certain about a lost session rests on its
        backend having been ours alone.
        """
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
                connection = await PreparedConnection.connect(
                    _conninfo(url, role), autocommit=True, prepare_threshold=0
                )
                try:
                    return cls(connection, await _backend(connection), await _head(connection))
                except BaseException:
                    await connection.close()
                    raise
        except (psycopg.Error, OSError, TimeoutError) as error:
            raise SessionLost(str(error) or "no answer in time") from error

    def is_over(self) -> bool:
        """Whether the server has ended the session while nothing was out: then there is no doubt
        about anything. Between statements only."""
        connection = self._connection.pgconn
        try:
            poll = select.poll()
            poll.register(connection.socket, select.POLLIN)
            while poll.poll(0):
                connection.consume_input()
        except psycopg.OperationalError:
            return True
        return False

    async def fetch(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """The rows of one statement.

        Raises SessionLost in doubt whether it was carried out; psycopg.Error when the server said
        that it was not.
        """
        alarm = asyncio.get_running_loop().call_later(_CALL_TIMEOUT_SECONDS, self._cut)
        try:
            return await fetch_prepared(self._connection, sql, params)
        except psycopg.Error as error:
            if self._connection.broken or self._connection.closed:
                raise SessionLost(str(error)) from error
            raise
        finally:
            alarm.cancel()

    async def end(self, other: Backend) -> None:
        """Make sure that another session of this log-in is over: what it was doing is then either
        done for all to see, or never will be. Raises SessionLost when that cannot be said."""
        try:
            async with _log_in(self._connection):
                rows = await self.fetch(
                    "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity"
                    " WHERE pid = %s AND backend_start = %s",
                    (_END_TIMEOUT_MS, other.pid, other.started),
                )
        except psycopg.Error as error:
            raise SessionLost(str(error)) from error
        if rows and not rows[0][0]:
            raise SessionLost(f"backend {other.pid} does not end")

    async def flush(self) -> None:
        """Make sure that all that can be seen now is durable, on synchronous standbys too: a commit
        whose session was ended may be seen before it has reached them. Raises SessionLost."""
        try:
            await self.fetch("SELECT pg_logical_emit_message(true, 'taskledger', 'settled')")
        except psycopg.Error as error:
            raise SessionLost(str(error)) from error

    async def close(self) -> None:
        await self._connection.close()

    def _cut(self) -> None:
        """End a call that a stalled server keeps waiting, as a broken line would: at once, which a
        polite cancellation would not be."""
        with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def _conninfo(url: str, role: str | None) -> str:
    return conninfo(
        url,
        role=role,
        application="taskledger committer",
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        settings={
            "synchronous_commit": "on",
            "default_transaction_isolation": r"read\ committed",
        },
    )


@contextlib.asynccontextmanager
async def _log_in(connection: Connection) -> AsyncIterator[None]:
    """Act as whoever logged in, who may see and end their own sessions, not as the role taken."""
    await connection.execute("SET ROLE NONE")
    try:
        yield
    finally:
        if not connection.closed:
            await connection.execute("RESET ROLE")


async def _backend(connection: Connection) -> Backend:
    async with _log_in(connection):
        cursor = await connection.execute(
            "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        pid, started = await _only(cursor)
    return Backend(pid, started)


async def _head(connection: Connection) -> Head:
    log_id, position = await _only(
        await connection.execute("SELECT log_id, position FROM log.head")
    )
    return Head(log_id, position)


async def _only(cursor: psycopg.AsyncCursor[TupleRow]) -> TupleRow:
    row = await cursor.fetchone()
    assert row is not None
    return row
