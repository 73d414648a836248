"""Sign-ons on their way: what only the browser that began one can go on with, and only once."""

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from domain.errors import Refused, invalid
from domain.values.frozen import dataclass
from infra.oidc.somebody import Somebody
from infra.people.vault import Vault
from infra.postgres.pool import Pool

# Long enough to log in at the provider, and then to find a password or a one-time code here.
_AT_THE_PROVIDER_S: Final = 600
COOKIE_GOOD_FOR_S: Final = _AT_THE_PROVIDER_S + 600
_PLACE: Final = "sign-on cookie"
_PREFIX: Final = "tls_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One sign-on, to be back from the provider by `until`, in seconds of the Unix epoch."""

    flow_id: str
    state: str
    nonce: str
    verifier: str
    return_to: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """What the provider sent the browser back with."""

    code: str | None
    state: str | None
    issuer: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The browser that goes on with a sign-on, by its cookie, and from where it asks."""

    cookie: str | None
    code: str
    address: str
    user_agent: str | None


class Flows:
    """What is remembered of a sign-on before it is back is in the browser's cookie alone, sealed;
    one row afterwards says who came back, and that nobody else may with the same cookie."""

    def __init__(self, pool: Pool, vault: Vault, now: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._vault = vault
        self.now = now

    def begin(self, return_to: str) -> Flow:
        return Flow(
            flow_id=secrets.token_urlsafe(16),
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            return_to=return_to,
            until=self.now() + _AT_THE_PROVIDER_S,
        )

    def cookie_of(self, flow: Flow) -> str:
        sealed = self._vault.seal(asdict(flow), _PLACE)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    async def came_back(self, cookie: str | None, state: str | None) -> Flow:
        """The sign-on that this browser began and that nobody has come back from: of two at once,
        one gets it. Raises Invalid."""
        flow = self._opened(cookie)
        if flow is None:
            raise _elsewhere("/headers/Cookie")
        if state is None or not hmac.compare_digest(flow.state.encode(), state.encode()):
            raise _elsewhere("/query/state")
        if flow.until < self.now():
            raise invalid("/query/state", "This sign-on took too long; begin it again.", "expired")
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO people.sign_ons (flow, expires_at) VALUES (%s, now() + %s)"
                " ON CONFLICT (flow) DO NOTHING",
                (_digest(flow.flow_id), timedelta(seconds=COOKIE_GOOD_FOR_S)),
            )
            if cursor.rowcount == 0:
                raise invalid(
                    "/query/state", "This sign-on came back before; begin it again.", "used"
                )
        return flow

    async def keep(self, flow: Flow, somebody: Somebody) -> str:
        """A code by which this browser goes on as who they are."""
        code = _PREFIX + secrets.token_urlsafe(32)
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE people.sign_ons SET code = %s, sealed = %s WHERE flow = %s",
                (
                    _digest(code),
                    self._vault.seal(asdict(somebody), _place(flow.flow_id)),
                    _digest(flow.flow_id),
                ),
            )
        return code

    async def look(self, cookie: str | None, code: str) -> Somebody:
        """Who this browser came back as. Raises Invalid at `/code`."""
        flow = self._opened(cookie)
        if flow is None:
            raise _no_code()
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT sealed FROM people.sign_ons WHERE flow = %s AND code = %s"
                " AND used_at IS NULL AND expires_at > now()",
                (_digest(flow.flow_id), _digest(code)),
            )
            row = await cursor.fetchone()
        if row is None:
            raise _no_code()
        said: dict[str, Any] = self._vault.open(bytes(row[0]), _place(flow.flow_id))
        return Somebody(**said)

    async def use(self, cookie: str | None, code: str) -> None:
        """From now on the code is good for nothing: of two at once, one uses it. Raises Invalid at
        `/code`."""
        flow = self._opened(cookie)
        if flow is None:
            raise _no_code()
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "UPDATE people.sign_ons SET used_at = now(), sealed = NULL WHERE flow = %s"
                " AND code = %s AND used_at IS NULL AND expires_at > now()",
                (_digest(flow.flow_id), _digest(code)),
            )
            if cursor.rowcount == 0:
                raise _no_code()

    async def sweep(self, limit: int = 1_000) -> None:
        """Forget those that nobody can go on with."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM people.sign_ons WHERE flow IN (SELECT flow FROM people.sign_ons"
                " WHERE expires_at < now() LIMIT %s)",
                (limit,),
            )

    def _opened(self, cookie: str | None) -> Flow | None:
        if cookie is None:
            return None
        try:
            sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
            return Flow(**self._vault.open(sealed, _PLACE))
        except ValueError:
            return None


def _elsewhere(pointer: str) -> Refused:
    return invalid(
        pointer, "This browser did not begin this sign-on; begin it again here.", "unknown"
    )


def _no_code() -> Refused:
    return invalid("/code", "This code is not good, or no longer; sign on again.", "unknown")


def _place(flow_id: str) -> str:
    return f"sign-on {flow_id}"


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
