"""The outbox: what is to be mailed is durable before anybody is told that it will be."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog

from domain.values.frozen import dataclass
from infra.people.vault import Vault
from infra.postgres.pool import Connection, Pool

_log = structlog.get_logger(__name__)

# Longer than any attempt takes, so that nobody else takes up a mail that is being sent.
LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`once` names the cause, so that it is mailed about a single time; `about` the stream that
    it is about, and `says` all that the letter needs: to whom (`to`), and the particulars."""

    kind: str
    once: str
    about: str
    says: Mapping[str, Any]
    good_for: timedelta


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail whose turn it is. `attempts` counts this one too."""

    mail_id: uuid.UUID
    kind: str
    about: str
    says: Mapping[str, Any]
    attempts: int
    is_late: bool
    left: timedelta


class Outbox:
    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def put(
        self, mail: Mail, *, held: bool = False, within: Connection | None = None
    ) -> None:
        """Durable on return (`within` a transaction: with it). The same cause again is nothing
        new. What is held waits for `release`."""
        if within is None:
            async with self._pool.connection() as connection:
                await self.put(mail, held=held, within=connection)
            return
        mail_id = uuid.uuid4()
        await within.execute(
            "INSERT INTO people.outbox (mail_id, once, kind, about, sealed, state, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, now() + %s) ON CONFLICT (once) DO NOTHING",
            (
                mail_id,
                mail.once,
                mail.kind,
                mail.about,
                self._vault.seal(dict(mail.says), f"mail {mail_id}"),
                "held" if held else "waiting",
                mail.good_for,
            ),
        )

    async def release(self, about: str) -> None:
        """What this stream's mails waited for is in the log."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.outbox SET state = 'waiting', due_at = now()"
                " WHERE about = %s AND state = 'held'",
                (about,),
            )

    async def drop(self, about: str) -> None:
        """What this stream's mails waited for will not be."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.outbox WHERE about = %s AND state = 'held'", (about,)
            )

    async def take(self, limit: int = 10) -> list[Waiting]:
        """Mails whose turn it is, for the caller alone until the lease runs out. One that cannot
        be read is given up, so that it stands in nobody's way."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE people.outbox SET attempts = attempts + 1, due_at = now() + %s"
                " WHERE mail_id IN (SELECT mail_id FROM people.outbox"
                "  WHERE state = 'waiting' AND due_at <= now()"
                "  ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)"
                " RETURNING mail_id, kind, about, sealed, attempts, expires_at <= now(),"
                "  expires_at - now()",
                (LEASE, limit),
            )
            rows = await cursor.fetchall()
        mails = []
        for mail_id, kind, about, sealed, *rest in rows:
            try:
                says = self._vault.open(bytes(sealed), f"mail {mail_id}")
            except ValueError as error:
                _log.error("mail_unreadable", mail_id=str(mail_id), why=str(error))
                await self.done(mail_id, "given up")
            else:
                mails.append(Waiting(mail_id, kind, about, says, *rest))
        return mails

    async def done(self, mail_id: uuid.UUID, state: str) -> None:
        """`sent`, `not needed` or `given up`: what it said is wiped."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.outbox SET state = %s, sealed = NULL"
                " WHERE mail_id = %s AND state = 'waiting'",
                (state, mail_id),
            )

    async def postpone(self, mail_id: uuid.UUID, wait: timedelta) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.outbox SET due_at = now() + %s"
                " WHERE mail_id = %s AND state = 'waiting'",
                (wait, mail_id),
            )

    async def held_longer_than(self, age: timedelta, limit: int = 1_000) -> list[str]:
        """The streams that mails have waited for longer than any command takes."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT DISTINCT about FROM people.outbox"
                " WHERE state = 'held' AND created_at < now() - %s LIMIT %s",
                (age, limit),
            )
            return [row[0] for row in await cursor.fetchall()]

    async def forget(self, age: timedelta, limit: int = 1_000) -> None:
        """Rows of mails that are done with, and of tokens that nobody can use."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.outbox WHERE mail_id IN (SELECT mail_id FROM people.outbox"
                " WHERE created_at < now() - %s AND state NOT IN ('held', 'waiting') LIMIT %s)",
                (age, limit),
            )
            await connection.execute(
                "DELETE FROM people.mail_tokens WHERE digest IN (SELECT digest"
                " FROM people.mail_tokens WHERE expires_at < now() - interval '1 day' LIMIT %s)",
                (limit,),
            )
