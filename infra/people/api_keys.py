"""API keys: their form, the digests that are kept of them, and who uses one when.

A key is `tl_live_`, 32 random characters of base 62, and 6 of the CRC-32 of all before them: so
that scanners of code and chats can tell a key from what only looks like one, asking nobody.
"""

import re
import secrets
import string
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool

PREFIX: Final = "tl_live_"

_BASE_62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM: Final = 32
_CHECK: Final = 6
_FORM: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}", re.ASCII)

# Revocations are remembered for longer than this, so that none is missed between two looks.
_FRESH_S: Final = 60.0
_REMEMBERED: Final = 20_000
_OFTEN: Final = timedelta(minutes=1)

_FIND: Final = """
SELECT k.key_id, k.user_id, k.scopes, k.workspace_id, k.expires_at
FROM people.api_keys k LEFT JOIN people.credentials c USING (user_id)
WHERE k.digest = %s AND k.revoked_at IS NULL AND c.state IS DISTINCT FROM 'suspended'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant:
    """What a key lets its holder do, in the name of `user_id` and never more than they may."""

    key_id: str
    user_id: str
    scopes: frozenset[str]
    workspace_id: str | None
    expires_at: datetime | None


def fresh_key() -> str:
    """A key that nobody has."""
    body = PREFIX + "".join(secrets.choice(_BASE_62) for _ in range(_RANDOM))
    return body + _checksum(body)


def is_key(text: str) -> bool:
    """Whether this has the form of a key, checksum included; says nothing about what exists."""
    if not _FORM.fullmatch(text):
        return False
    return secrets.compare_digest(_checksum(text[:-_CHECK]), text[-_CHECK:])


class ApiKeys:
    """Rows of `people.api_keys`, through the pool of the api role; found ones are kept for a
    minute. Who asks has to look for revocations beside that."""

    def __init__(self, pool: Pool, now: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._now = now
        self._found: OrderedDict[bytes, tuple[KeyGrant, float]] = OrderedDict()
        self._used: set[str] = set()

    async def keep(self, key: str, grant: KeyGrant) -> None:
        """The key is good from now on. Its event is in the log already."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO people.api_keys"
                " (key_id, digest, user_id, scopes, workspace_id, expires_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (
                    grant.key_id,
                    _digest(key),
                    grant.user_id,
                    sorted(grant.scopes),
                    grant.workspace_id,
                    grant.expires_at,
                ),
            )

    def known(self, key: str) -> KeyGrant | None:
        """What was found lately, without asking the database."""
        found = self._found.get(_digest(key))
        if found is None or self._now() - found[1] > _FRESH_S:
            return None
        self._used.add(found[0].key_id)
        return found[0]

    async def find(self, key: str) -> KeyGrant | None:
        """Whose key it is; None for one that was revoked, that never was, or whose owner is
        suspended. Whether it has expired is for the caller to see."""
        digest = _digest(key)
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_FIND, (digest,), prepare=True)
            row = await cursor.fetchone()
        if row is None:
            self._found.pop(digest, None)
            return None
        key_id, user_id, scopes, workspace_id, expires_at = row
        grant = KeyGrant(
            key_id=key_id,
            user_id=user_id,
            scopes=frozenset(scopes),
            workspace_id=workspace_id,
            expires_at=expires_at,
        )
        self._found[digest] = grant, self._now()
        self._found.move_to_end(digest)
        if len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)
        self._used.add(key_id)
        return grant

    async def revoke(self, key_id: str, user_id: str) -> bool:
        """A key of this account opens nothing any more; whether it did."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE people.api_keys SET revoked_at = now()"
                " WHERE key_id = %s AND user_id = %s AND revoked_at IS NULL",
                (key_id, user_id),
            )
            return cursor.rowcount == 1

    async def last_used(self, key_ids: Iterable[str]) -> dict[str, datetime]:
        """When each of these was used last, to the minute; those that never were left out."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT key_id, date_trunc('minute', last_used_at) FROM people.api_keys"
                " WHERE key_id = ANY (%s) AND last_used_at IS NOT NULL",
                (list(key_ids),),
            )
            return dict(await cursor.fetchall())

    async def note_uses(self) -> None:
        """Write down which keys were used since this was called last."""
        used, self._used = self._used, set()
        if not used:
            return
        try:
            async with self._pool.connection() as connection:
                await connection.execute(
                    "UPDATE people.api_keys SET last_used_at = now() WHERE key_id = ANY (%s)"
                    " AND (last_used_at IS NULL OR last_used_at < now() - %s)"
                    " AND revoked_at IS NULL",
                    (sorted(used), _OFTEN),
                )
        except Exception:
            self._used |= used
            raise


def _checksum(body: str) -> str:
    left = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(_CHECK):
        left, digit = divmod(left, len(_BASE_62))
        digits.append(_BASE_62[digit])
    return "".join(reversed(digits))


def _digest(key: str) -> bytes:
    return sha256(key.encode("ascii")).digest()
