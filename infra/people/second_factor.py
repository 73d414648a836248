"""The second factor: one-time codes by time (RFC 6238), and recovery codes for a lost device."""

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final

import pyotp

from domain.values.frozen import dataclass
from infra.people.vault import Vault
from infra.postgres.pool import Pool

ISSUER: Final = "Taskledger"
_STEP_S: Final = 30
# A code of the step before and of the one after is taken too: clocks differ, and people are slow.
_DRIFT: Final = (0, -1, 1)
_RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class Begun:
    """A secret that waits to be confirmed: for an app, and as the address that a QR code shows."""

    secret: str
    uri: str


class SecondFactors:
    """`secret` keys the HMACs under which recovery codes are stored."""

    def __init__(
        self, pool: Pool, vault: Vault, secret: bytes, now: Callable[[], float] = time.time
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._secret = secret
        self._now = now

    async def begin(self, user_id: str, username: str) -> Begun | None:
        """A fresh secret, which counts once it is confirmed; None where one counts already."""
        secret = pyotp.random_base32()
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO people.totp AS t (user_id, secret) VALUES (%s, %s)"
                " ON CONFLICT (user_id) DO UPDATE SET secret = EXCLUDED.secret, last_step = 0,"
                "  begun_at = now() WHERE t.confirmed_at IS NULL",
                (user_id, self._vault.seal(secret, _place(user_id))),
            )
            if cursor.rowcount == 0:
                return None
        uri = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
        return Begun(secret, uri)

    async def is_on(self, user_id: str) -> bool:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT FROM people.totp WHERE user_id = %s AND confirmed_at IS NOT NULL",
                (user_id,),
            )
            return await cursor.fetchone() is not None

    async def confirm(self, user_id: str, code: str) -> bool:
        """Whether it is the code of what was begun; from then on it counts."""
        return await self._take(user_id, code, confirmed=False)

    async def check(self, user_id: str, code: str) -> bool:
        """Whether it is a code of now that was not taken before: each is good once."""
        return await self._take(user_id, code, confirmed=True)

    async def recover(self, user_id: str, code: str) -> bool:
        """Whether it is a recovery code that was not used before: of two at once one is taken."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "DELETE FROM people.recovery_codes WHERE user_id = %s AND digest = %s",
                (user_id, self._digest(user_id, code)),
            )
            return cursor.rowcount == 1

    async def renew_recovery_codes(self, user_id: str) -> list[str]:
        """Fresh ones, shown this once only; those of before are good for nothing."""
        codes = [_fresh_code() for _ in range(_RECOVERY_CODES)]
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                "DELETE FROM people.recovery_codes WHERE user_id = %s", (user_id,)
            )
            await connection.execute(
                "INSERT INTO people.recovery_codes (user_id, digest)"
                " SELECT %s, unnest(%s::bytea[])",
                (user_id, [self._digest(user_id, code) for code in codes]),
            )
        return codes

    async def recovery_codes_left(self, user_id: str) -> int:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM people.recovery_codes WHERE user_id = %s", (user_id,)
            )
            row = await cursor.fetchone()
        return 0 if row is None else int(row[0])

    async def remove(self, user_id: str) -> None:
        """The password is enough again."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("DELETE FROM people.totp WHERE user_id = %s", (user_id,))
            await connection.execute(
                "DELETE FROM people.recovery_codes WHERE user_id = %s", (user_id,)
            )

    async def _take(self, user_id: str, code: str, *, confirmed: bool) -> bool:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT secret FROM people.totp"
                " WHERE user_id = %s AND (confirmed_at IS NOT NULL) = %s",
                (user_id, confirmed),
            )
            row = await cursor.fetchone()
            if row is None:
                return False
            totp = pyotp.TOTP(self._vault.open(bytes(row[0]), _place(user_id)))
            step = self._step_of(totp, code)
            if step is None:
                return False
            cursor = await connection.execute(
                "UPDATE people.totp SET last_step = %s,"
                "  confirmed_at = coalesce(confirmed_at, now())"
                " WHERE user_id = %s AND secret = %s AND last_step < %s"
                " AND (confirmed_at IS NOT NULL) = %s",
                (step, user_id, row[0], step, confirmed),
            )
            return cursor.rowcount == 1

    def _step_of(self, totp: pyotp.TOTP, code: str) -> int | None:
        """The step whose code this is. All are compared, however soon one fits."""
        given = code.replace(" ", "").encode("utf-8", "surrogatepass")
        present = int(self._now()) // _STEP_S
        fitting = [
            present + drift
            for drift in _DRIFT
            if hmac.compare_digest(totp.generate_otp(present + drift).encode(), given)
        ]
        return fitting[0] if fitting else None

    def _digest(self, user_id: str, code: str) -> bytes:
        plain = code.replace("-", "").replace(" ", "").lower()
        message = f"{user_id} {plain}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256")


def _place(user_id: str) -> str:
    return f"totp {user_id}"


def _fresh_code() -> str:
    """80 random bits, in four groups that are easily copied by hand."""
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))
