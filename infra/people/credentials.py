"""Stored credentials: inactive until the account's own commit is in the log, then active."""

from dataclasses import dataclass
from datetime import timedelta

from infra.postgres.pool import Pool


@dataclass(frozen=True, slots=True)
class Credential:
    user_id: str
    password_hash: str
    state: str

    @property
    def is_active(self) -> bool:
        return self.state == "active"


class Credentials:
    """Rows of `people.credentials`, through the pool of the api role."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reserve(self, user_id: str, password_hash: str) -> None:
        """An inactive row: nobody can log in with it yet."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO people.credentials (user_id, password_hash) VALUES (%s, %s)",
                (user_id, password_hash),
            )

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
