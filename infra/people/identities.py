"""Which identities at others' providers lead into which account."""

import hashlib
import hmac
from datetime import datetime

from domain.values.frozen import dataclass
from infra.oidc.somebody import Somebody
from infra.people.sessions import END_SESSIONS
from infra.postgres.pool import Pool


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who has been here before. `state` is that of their credentials."""

    identity_id: str
    user_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    identity_id: str
    issuer: str
    linked_at: datetime
    last_used_at: datetime | None


class Identities:
    """Rows of `people.identities`, through the pool of the api role. `secret` keys the HMACs under
    which they stand: who somebody is elsewhere is kept nowhere."""

    def __init__(self, pool: Pool, secret: bytes) -> None:
        self._pool = pool
        self._secret = secret

    async def find(self, somebody: Somebody) -> Known | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT i.identity_id, i.user_id, c.state FROM people.identities i"
                " JOIN people.credentials c USING (user_id) WHERE i.subject = %s",
                (self._subject(somebody),),
            )
            row = await cursor.fetchone()
        return None if row is None else Known(*row)

    async def keep(self, identity_id: str, user_id: str, somebody: Somebody) -> bool:
        """It leads into the account from now on; False where it leads somewhere already. Its event
        is in the log already."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO people.identities (identity_id, user_id, issuer, subject)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (subject) DO NOTHING",
                (identity_id, user_id, somebody.issuer, self._subject(somebody)),
            )
            return cursor.rowcount == 1

    async def of(self, user_id: str) -> list[Linked]:
        """Somebody's own, oldest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT identity_id, issuer, linked_at, last_used_at FROM people.identities"
                " WHERE user_id = %s ORDER BY linked_at, identity_id",
                (user_id,),
            )
            rows = await cursor.fetchall()
        return [
            Linked(
                identity_id=identity_id,
                issuer=issuer,
                linked_at=linked_at,
                last_used_at=last_used_at,
            )
            for identity_id, issuer, linked_at, last_used_at in rows
        ]

    async def remove(self, user_id: str, identity_id: str, *, keep_session: str) -> list[str]:
        """It leads nowhere any more, and the sessions begun by it end, but the one that asks: those
        that ended."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                END_SESSIONS + "identity_id = %s AND user_id = %s AND session_id <> %s"
                " RETURNING session_id",
                ("identity unlinked", identity_id, user_id, keep_session),
            )
            ended = [row[0] for row in await cursor.fetchall()]
            await connection.execute(
                "DELETE FROM people.identities WHERE identity_id = %s AND user_id = %s",
                (identity_id, user_id),
            )
        return ended

    def _subject(self, somebody: Somebody) -> bytes:
        said = f"{somebody.issuer}\0{somebody.subject}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, said, hashlib.sha256)
