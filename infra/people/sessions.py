"""Sessions: one a log-in, carried on by refresh tokens that are good for one use each."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, LiteralString

import structlog

from domain.values.frozen import dataclass
from infra.people.vault import Vault
from infra.postgres.pool import Pool

# Followed by which; takes a reason first.
END_SESSIONS: Final = (
    "UPDATE people.sessions SET ended_at = now(), end_reason = %s WHERE ended_at IS NULL AND "
)
_BEYOND_THE_LAST: Final = (
    "session_id IN (SELECT session_id FROM people.sessions WHERE user_id = %s"
    " AND ended_at IS NULL ORDER BY last_used_at DESC, started_at DESC OFFSET %s)"
)
_ENDED: Final = """
SELECT session_id FROM people.sessions WHERE ended_at > now() - %(age)s
UNION ALL
SELECT key_id FROM people.api_keys WHERE revoked_at > now() - %(age)s
UNION ALL
SELECT k.key_id FROM people.credentials c JOIN people.api_keys k USING (user_id)
WHERE c.state = 'suspended' AND c.changed_at > now() - %(age)s AND k.revoked_at IS NULL
"""
_KNOWING: Final = """
SELECT FROM people.credentials
WHERE user_id = %s AND password_hash = %s AND state = 'active' FOR SHARE
"""
_BEING: Final = """
SELECT FROM people.credentials c JOIN people.identities i USING (user_id)
WHERE user_id = %s AND identity_id = %s AND state = 'active'
FOR SHARE OF c FOR NO KEY UPDATE OF i
"""
_PREFIX: Final = "tlr_"
_AGENT_CHARACTERS: Final = 200
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """From where a log-in came, as its owner may see it: they tell their devices apart by it."""

    user_agent: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open session. `last_used_at`: when its tokens were last renewed. `method`: how it was
    begun, `password` or `sign-on`."""

    session_id: str
    method: str
    started_at: datetime
    last_used_at: datetime
    expires_at: datetime
    client: Client


@dataclass(frozen=True, slots=True)
class Session:
    """`refresh_token` is known to the client alone: the database holds its digest."""

    session_id: str
    user_id: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that was open until now."""

    session_id: str


class Sessions:
    """Begins, carries on and ends sessions (rotation after RFC 9700, 4.14.2)."""

    def __init__(self, pool: Pool, lifetime: timedelta, vault: Vault, most: int = 100) -> None:
        """`most`: open sessions of one person; the ones that were not used for longest end."""
        self._pool = pool
        self._lifetime = lifetime
        self._vault = vault
        self._most = most

    async def begin(
        self, user_id: str, password_hash: str, client: Client | None = None
    ) -> Session | None:
        """None where the account is not open any more, or has another password by now."""
        return await self._begin(user_id, _KNOWING, password_hash, None, client)

    async def begin_signed_on(
        self, user_id: str, identity_id: str, client: Client | None = None
    ) -> Session | None:
        """None where the account is not open any more, or the identity leads there no more."""
        return await self._begin(user_id, _BEING, identity_id, identity_id, client)

    async def _begin(
        self,
        user_id: str,
        standing: LiteralString,
        proof: str,
        identity_id: str | None,
        client: Client | None,
    ) -> Session | None:
        session = Session(secrets.token_urlsafe(16), user_id, _fresh_token())
        sealed = None if client is None else self._sealed(session.session_id, client)
        async with self._pool.connection() as connection, connection.transaction():
            # The lock makes whoever changes the password, unlinks the identity or suspends the
            # account wait, and see it.
            cursor = await connection.execute(standing, (user_id, proof))
            if await cursor.fetchone() is None:
                return None
            await connection.execute(
                "INSERT INTO people.sessions"
                " (session_id, user_id, expires_at, client, identity_id, method)"
                " VALUES (%s, %s, now() + %s, %s, %s, %s)",
                (
                    session.session_id,
                    user_id,
                    self._lifetime,
                    sealed,
                    identity_id,
                    "password" if identity_id is None else "sign-on",
                ),
            )
            await connection.execute(
                "INSERT INTO people.refresh_tokens (digest, session_id) VALUES (%s, %s)",
                (_digest(session.refresh_token), session.session_id),
            )
            await connection.execute(
                END_SESSIONS + _BEYOND_THE_LAST,
                ("too many", user_id, self._most),
            )
            if identity_id is not None:
                await connection.execute(
                    "UPDATE people.identities SET last_used_at = now() WHERE identity_id = %s",
                    (identity_id,),
                )
        return session

    async def of(self, user_id: str) -> list[Open]:
        """Somebody's open sessions, the one used last first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT session_id, method, started_at, last_used_at, expires_at, client"
                " FROM people.sessions WHERE user_id = %s AND ended_at IS NULL"
                " AND expires_at > now() ORDER BY last_used_at DESC, session_id LIMIT %s",
                (user_id, self._most),
            )
            rows = await cursor.fetchall()
        return [
            Open(
                session_id=session_id,
                method=method,
                started_at=started_at,
                last_used_at=last_used_at,
                expires_at=expires_at,
                client=self._opened(session_id, client),
            )
            for session_id, method, started_at, last_used_at, expires_at, client in rows
        ]

    async def end_one(self, user_id: str, session_id: str) -> bool:
        """Whether it was an open session of this person; it is none any more."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                END_SESSIONS + "session_id = %s AND user_id = %s",
                ("ended by its owner", session_id, user_id),
            )
            return cursor.rowcount == 1

    async def carry_on(self, refresh_token: str) -> Session | Ended | None:
        """Exchange a refresh token for the next one; None where it is not good.

        One that was used before ends its whole session (Ended): either its holder or a thief is
        one step behind, and we cannot know which.
        """
        digest = _digest(refresh_token)
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT s.session_id, s.user_id, t.used_at IS NOT NULL,"
                "  s.ended_at IS NULL AND s.expires_at > now() AND c.state = 'active'"
                " FROM people.refresh_tokens t"
                " JOIN people.sessions s USING (session_id)"
                " JOIN people.credentials c USING (user_id)"
                " WHERE t.digest = %s FOR UPDATE OF t, s",
                (digest,),
            )
            row = await cursor.fetchone()
            if row is None:
                return None
            session_id, user_id, was_used, is_open = row
            if was_used:
                await connection.execute(
                    END_SESSIONS + "session_id = %s", ("token reused", session_id)
                )
                return Ended(session_id)
            if not is_open:
                return None
            session = Session(session_id, user_id, _fresh_token())
            await connection.execute(
                "UPDATE people.refresh_tokens SET used_at = now() WHERE digest = %s", (digest,)
            )
            await connection.execute(
                "INSERT INTO people.refresh_tokens (digest, session_id) VALUES (%s, %s)",
                (_digest(session.refresh_token), session_id),
            )
            await connection.execute(
                "UPDATE people.sessions SET expires_at = now() + %s, last_used_at = now()"
                " WHERE session_id = %s",
                (self._lifetime, session_id),
            )
        return session

    async def end(self, session_id: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(END_SESSIONS + "session_id = %s", ("logged out", session_id))

    async def end_all(self, user_id: str) -> list[str]:
        """Log out everywhere; the sessions that were open."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                END_SESSIONS + "user_id = %s RETURNING session_id",
                ("logged out everywhere", user_id),
            )
            return [row[0] for row in await cursor.fetchall()]

    async def ended_since(self, age: timedelta) -> list[str]:
        """Sessions that ended at most this long ago, whose access tokens may still be about, and
        API keys that were revoked since, or whose owners were suspended."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_ENDED, {"age": age}, prepare=True)
            return [row[0] for row in await cursor.fetchall()]

    async def sweep(self, limit: int = 1_000) -> int:
        """Forget sessions a day after they ended; how many."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "DELETE FROM people.sessions WHERE session_id IN (SELECT session_id"
                " FROM people.sessions WHERE LEAST(ended_at, expires_at) < now() - interval '1 day'"
                " LIMIT %s)",
                (limit,),
            )
            return cursor.rowcount

    def _sealed(self, session_id: str, client: Client) -> bytes:
        agent = client.user_agent
        said = {
            "user_agent": None if agent is None else agent[:_AGENT_CHARACTERS],
            "address": client.address,
        }
        return self._vault.seal(said, f"session {session_id}")

    def _opened(self, session_id: str, sealed: bytes | None) -> Client:
        if sealed is None:
            return Client()
        return Client(**self._vault.open(bytes(sealed), f"session {session_id}"))


class Revocations:
    """The sessions that ended while access tokens of theirs may still be valid, and the API keys
    that were revoked while somebody may remember them, in memory.

    The process that served it knows at once, and tells the others (`tell`). What is not told is
    asked for twice a second, so a log-out reaches every process within a second for all that.
    While the database is away nothing is forgotten.
    """

    _EVERY_S: Final = 0.5
    _OVERLAP: Final = timedelta(seconds=10)

    def __init__(
        self,
        sessions: Sessions,
        token_lifetime: timedelta,
        tell: Callable[[str], None] = lambda _ended: None,
    ) -> None:
        self._sessions = sessions
        self._tell = tell
        self._lifetime = token_lifetime + self._OVERLAP
        self._ended: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._ended

    def add(self, session_id: str) -> None:
        """It has just been ended here."""
        self.heard(session_id)
        self._tell(session_id)

    def heard(self, session_id: str) -> None:
        """Another process has ended it."""
        self._ended[session_id] = time.monotonic()

    async def start(self) -> None:
        await self._take(self._lifetime)
        self._task = asyncio.create_task(self._follow(), name="revocations")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        asked = time.monotonic()
        while True:
            await asyncio.sleep(self._EVERY_S)
            try:
                begun = time.monotonic()
                await self._take(timedelta(seconds=begun - asked) + self._OVERLAP)
                asked = begun
            except Exception as error:
                _log.warning("revocations_unknown", error=repr(error))
            oldest = time.monotonic() - self._lifetime.total_seconds()
            self._ended = {each: at for each, at in self._ended.items() if at > oldest}

    async def _take(self, age: timedelta) -> None:
        for session_id in await self._sessions.ended_since(age):
            self._ended.setdefault(session_id, time.monotonic())


def _fresh_token() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
