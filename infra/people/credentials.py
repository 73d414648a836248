"""Stored credentials: inactive until the account's own commit is in the log, then active."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from domain.values.frozen import dataclass
from infra.people.sessions import END_SESSIONS
from infra.postgres.pool import Connection, Pool

Beside = Callable[[Connection], Awaitable[None]]

_PLACES: Final = 50


@dataclass(frozen=True, slots=True)
class Credential:
    """`password_hash` is None for who signs on at another's provider and has no password."""

    user_id: str
    password_hash: str | None
    state: str

    @property
    def is_active(self) -> bool:
        return self.state == "active"


class Credentials:
    """Rows of `people.credentials`, through the pool of the api role."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reserve(
        self, user_id: str, password_hash: str | None, beside: Beside | None = None
    ) -> None:
        """An inactive row: nobody can log in with it yet. `beside` writes in the same
        transaction."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO people.credentials (user_id, password_hash) VALUES (%s, %s)",
                (user_id, password_hash),
            )
            if beside is not None:
                await beside(connection)

    async def activate(self, user_id: str) -> None:
        """The account is in the log: let it in. Does nothing to a suspended one."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.credentials SET state = 'active', changed_at = now()"
                " WHERE user_id = %s AND state = 'inactive'",
                (user_id,),
            )

    async def discard(self, user_id: str) -> None:
        """Forget a row that never became active."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.credentials WHERE user_id = %s AND state = 'inactive'",
                (user_id,),
            )

    async def find(self, user_id: str) -> Credential | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT user_id, password_hash, state FROM people.credentials WHERE user_id = %s",
                (user_id,),
            )
            row = await cursor.fetchone()
        return None if row is None else Credential(*row)

    async def rehash(self, user_id: str, was: str, password_hash: str) -> None:
        """The same password under today's parameters; a change made meanwhile wins."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.credentials SET password_hash = %s, changed_at = now()"
                " WHERE user_id = %s AND password_hash = %s",
                (password_hash, user_id, was),
            )

    async def change(
        self, user_id: str, password_hash: str, reason: str, *, keep: str | None = None
    ) -> list[str]:
        """Another password; every session but `keep` ends with the old one. Those that ended."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE people.credentials SET password_hash = %s, changed_at = now()"
                " WHERE user_id = %s",
                (password_hash, user_id),
            )
            cursor = await connection.execute(
                END_SESSIONS + "user_id = %s AND session_id IS DISTINCT FROM %s"
                " RETURNING session_id",
                (reason, user_id, keep),
            )
            return [row[0] for row in await cursor.fetchall()]

    async def suspend(self, user_id: str) -> list[str]:
        """Nobody logs in any more; the sessions that ended."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE people.credentials SET state = 'suspended', changed_at = now()"
                " WHERE user_id = %s",
                (user_id,),
            )
            cursor = await connection.execute(
                END_SESSIONS + "user_id = %s RETURNING session_id", ("suspended", user_id)
            )
            return [row[0] for row in await cursor.fetchall()]

    async def unsuspend(self, user_id: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.credentials SET state = 'active', changed_at = now()"
                " WHERE user_id = %s AND state = 'suspended'",
                (user_id,),
            )

    async def is_known_place(self, user_id: str, place: bytes) -> bool:
        """Whether somebody has logged in from there before."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT FROM people.known_places WHERE user_id = %s AND place = %s",
                (user_id, place),
            )
            return await cursor.fetchone() is not None

    async def know_place(self, user_id: str, place: bytes) -> None:
        """They are here now. The oldest places beyond the most that are kept are forgotten."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO people.known_places (user_id, place) VALUES (%s, %s)"
                " ON CONFLICT (user_id, place) DO UPDATE SET seen_at = now()",
                (user_id, place),
            )
            await connection.execute(
                "DELETE FROM people.known_places WHERE user_id = %s AND place IN"
                " (SELECT place FROM people.known_places WHERE user_id = %s"
                "  ORDER BY seen_at DESC OFFSET %s)",
                (user_id, user_id, _PLACES),
            )

    async def orphans(self, age: timedelta, limit: int = 1_000) -> list[str]:
        """Users whose row has been inactive for longer than any registration takes."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT user_id FROM people.credentials"
                " WHERE state = 'inactive' AND created_at < now() - %s"
                " ORDER BY created_at LIMIT %s",
                (age, limit),
            )
            return [row[0] for row in await cursor.fetchall()]
