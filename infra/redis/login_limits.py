"""How often somebody may guess a password: by account and by address, on the `limits` library."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import Kind, Refused
from infra.redis.client import TIMEOUT_S

A = TypeVar("A")

_PERIOD_MIN: Final = 15

_log = structlog.get_logger(__name__)


class _Store(RedisStorage):
    """On the one client that we have: the library imports every one that it knows."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}  # noqa: RUF012 - its form


class LoginLimits:
    """Failures in any 15 minutes; counted by this process alone while the store is away."""

    def __init__(self, url: str | None, *, per_account: int, per_address: int) -> None:
        self._connection: Redis | None = None
        self._shared: MovingWindowRateLimiter | None = None
        if url is not None:
            store = _Store(
                f"async+{url}",
                implementation="redispy",
                key_prefix="taskledger:login",
                socket_timeout=TIMEOUT_S,
                socket_connect_timeout=TIMEOUT_S,
            )
            self._connection = store.bridge.get_connection()  # type: ignore[attr-defined]
            self._shared = MovingWindowRateLimiter(store)
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._account = RateLimitItemPerMinute(per_account, _PERIOD_MIN, "account")
        self._address = RateLimitItemPerMinute(per_address, _PERIOD_MIN, "address")

    async def begin(self, account: str, address: str) -> None:
        """Before a try. Raises Refused(RATE_LIMITED). The try counts at once for the account,
        so that tries made at the same time cannot slip through together."""
        if not await self._ask(lambda limiter: limiter.test(self._address, address)):
            raise _refusal()
        if not await self._ask(lambda limiter: limiter.hit(self._account, account)):
            raise _refusal()

    async def failed(self, address: str) -> None:
        await self._ask(lambda limiter: limiter.hit(self._address, address))

    async def succeeded(self, account: str) -> None:
        """The owner is here: what others tried no longer stands in the way."""
        await self._alone.clear(self._account, account)
        await self._ask(lambda limiter: limiter.clear(self._account, account))

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()

    async def _ask(self, question: Callable[[MovingWindowRateLimiter], Awaitable[A]]) -> A:
        """The answer of the store, or of this process alone while the store is away."""
        if self._shared is not None:
            try:
                return await question(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("login_limits_store_down", error=repr(error))
        return await question(self._alone)


def _refusal() -> Refused:
    return Refused(
        Kind.RATE_LIMITED,
        f"Too many log-ins failed; try again in {_PERIOD_MIN} minutes.",
        retry_after=60 * _PERIOD_MIN,
    )
