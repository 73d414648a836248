"""Tokens in mailed links: made at sending, stored as digests, good for one use and for a time."""

import base64
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from domain.errors import invalid
from domain.values.frozen import dataclass
from infra.people.vault import Vault
from infra.postgres.pool import Pool

_PREFIX: Final = "tlm_"


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify-email"
    CHANGE_EMAIL = "change-email"
    RESET_PASSWORD = "reset-password"  # noqa: S105 - what it is for
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Held:
    """What a token is good for: whose it is, and the particulars (`says`)."""

    purpose: Purpose
    user_id: str | None
    says: Mapping[str, Any]


class MailTokens:
    """A token is an HMAC over the id of its mail: a mail that is sent twice, because nobody could
    know that it had been taken, says the same, and the database can make none."""

    def __init__(self, pool: Pool, secret: bytes, vault: Vault) -> None:
        self._pool = pool
        self._secret = secret
        self._vault = vault

    async def issue(
        self,
        purpose: Purpose,
        mail_id: str,
        user_id: str | None,
        says: Mapping[str, Any],
        good_for: timedelta,
    ) -> str:
        mac = hmac.digest(self._secret, f"{purpose} {mail_id}".encode(), "sha256")
        token = _PREFIX + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
        digest = _digest(token)
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO people.mail_tokens (digest, purpose, user_id, sealed, expires_at)"
                " VALUES (%s, %s, %s, %s, now() + %s) ON CONFLICT (digest) DO NOTHING",
                (digest, purpose, user_id, self._vault.seal(dict(says), _place(digest)), good_for),
            )
        return token

    @asynccontextmanager
    async def used(self, token: str, *purposes: Purpose) -> AsyncIterator[Held]:
        """What the token is good for, to whoever comes first: of two at once, one gets it.

        Where the block fails, the token is as good as before; where the process dies in it, it is
        spent, and another one has to be asked for. Raises Invalid at `/token`.
        """
        digest = _digest(token)
        held = await self._spend(digest, purposes)
        try:
            yield held
        except Exception:
            await self._give_back(digest)
            raise

    async def look(self, token: str, purpose: Purpose) -> Held:
        """What the token is good for, without using it. Raises Invalid at `/token`."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT purpose, user_id, sealed FROM people.mail_tokens WHERE digest = %s"
                " AND purpose = %s AND used_at IS NULL AND expires_at > now()",
                (_digest(token), purpose),
            )
            return self._held(_digest(token), await cursor.fetchone())

    async def void(self, user_id: str, *purposes: Purpose) -> None:
        """None of a person's tokens for these purposes is good any more."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.mail_tokens WHERE user_id = %s AND purpose = ANY (%s)",
                (user_id, list(purposes)),
            )

    async def _spend(self, digest: bytes, purposes: tuple[Purpose, ...]) -> Held:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE people.mail_tokens SET used_at = now() WHERE digest = %s"
                " AND purpose = ANY (%s) AND used_at IS NULL AND expires_at > now()"
                " RETURNING purpose, user_id, sealed",
                (digest, list(purposes)),
            )
            return self._held(digest, await cursor.fetchone())

    async def _give_back(self, digest: bytes) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.mail_tokens SET used_at = NULL WHERE digest = %s", (digest,)
            )

    def _held(self, digest: bytes, row: tuple[Any, ...] | None) -> Held:
        if row is None:
            raise invalid(
                "/token", "This link is not good, or no longer; ask for a new one.", "unknown"
            )
        purpose, user_id, sealed = row
        return Held(Purpose(purpose), user_id, self._vault.open(bytes(sealed), _place(digest)))


def _place(digest: bytes) -> str:
    return f"token {digest.hex()}"


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
