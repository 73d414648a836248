"""First answers, under their Idempotency-Keys, of calls that are no commands of the log."""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import Final, LiteralString

from domain.errors import first_still_runs, key_reused
from domain.values.frozen import dataclass
from infra.people.vault import Vault
from infra.postgres.pool import Pool

# A call that runs longer than this has died with its process.
_RUNS_AT_MOST: Final = timedelta(seconds=60)
# Longer than any mailed token is good for, without which nobody asks again.
_OF_NOBODY_KEPT: Final = timedelta(days=30)

_BEGIN: Final[LiteralString] = """
INSERT INTO people.kept_answers (slot, user_id, digest) VALUES (%s, %s, %s)
ON CONFLICT (slot) DO UPDATE SET begun_at = now()
    WHERE kept_answers.answer IS NULL AND kept_answers.begun_at < now() - %s
        AND kept_answers.digest = EXCLUDED.digest
RETURNING true
"""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """`body` without what is told only once."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


class KeptAnswers:
    def __init__(self, pool: Pool, vault: Vault, key: bytes) -> None:
        """`key` makes the slots: nobody learns from the table which keys were used."""
        self._pool = pool
        self._vault = vault
        self._key = key

    def slot(self, user_id: str | None, idempotency_key: str, digest: bytes) -> bytes:
        """Where the answer is kept. Who has no token is known by what they ask alone, which holds
        a secret that was mailed, or nothing that another may not know."""
        who = digest.hex() if user_id is None else user_id
        return hmac.digest(self._key, f"{who}\0{idempotency_key}".encode(), sha256)

    async def begin(self, slot: bytes, user_id: str | None, digest: bytes) -> KeptAnswer | None:
        """The answer that was given; None: there is none, and the caller is to make it, and then
        to `keep` it or to `drop` the slot.

        Raises Refused(IDEMPOTENCY_KEY_REUSED) where the key belongs to another request, and
        Refused(IDEMPOTENCY_IN_PROGRESS) while the first one runs.
        """
        async with self._pool.connection() as connection:
            begun = await connection.execute(_BEGIN, (slot, user_id, digest, _RUNS_AT_MOST))
            if await begun.fetchone() is not None:
                return None
            cursor = await connection.execute(
                "SELECT digest, answer FROM people.kept_answers WHERE slot = %s", (slot,)
            )
            row = await cursor.fetchone()
        if row is not None and row[0] != digest:
            raise key_reused()
        if row is None or row[1] is None:
            raise first_still_runs()
        status, body, headers = self._vault.open(row[1], _place(slot))
        return KeptAnswer(status, body, [(name, value) for name, value in headers])

    async def keep(self, slot: bytes, answer: KeptAnswer) -> None:
        said = (answer.status, answer.body, answer.headers)
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.kept_answers SET answer = %s WHERE slot = %s",
                (self._vault.seal(said, _place(slot)), slot),
            )

    async def drop(self, slot: bytes) -> None:
        """It was refused, which nobody keeps."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.kept_answers WHERE slot = %s AND answer IS NULL", (slot,)
            )

    async def sweep(self) -> None:
        """Forget those of callers without a token after a while."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.kept_answers WHERE user_id IS NULL AND begun_at < now() - %s",
                (_OF_NOBODY_KEPT,),
            )


def _place(slot: bytes) -> str:
    return f"kept answer {slot.hex()}"
