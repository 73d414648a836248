"""Moving windows over the `limits` library: how often something may happen in how long a time."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.redis.client import TIMEOUT_S

A = TypeVar("A")

_log = structlog.get_logger(__name__)


class _Store(RedisStorage):
    """On the one client that we have: the library imports every one that it knows."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}  # noqa: RUF012 - its form


class Windows:
    """Counted over all processes; by this process alone while the store is away."""

    def __init__(self, url: str | None) -> None:
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
            self._connection = store.bridge.get_connection()  # type: ignore[attr-defined]  # redis-py's has it
            self._shared = MovingWindowRateLimiter(store)
        self._alone = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, item: RateLimitItem, who: str) -> bool:
        """Count one; False, and nothing counted, where there is no room for it."""
        return await self._ask(lambda limiter: limiter.hit(item, who))

    async def test(self, item: RateLimitItem, who: str) -> bool:
        return await self._ask(lambda limiter: limiter.test(item, who))

    async def clear(self, item: RateLimitItem, who: str) -> None:
        await self._alone.clear(item, who)
        await self._ask(lambda limiter: limiter.clear(item, who))

    async def wait_s(self, item: RateLimitItem, who: str) -> int:
        """Seconds until there is room again, at least one."""
        stats = await self._ask(lambda limiter: limiter.get_window_stats(item, who))
        return max(1, int(stats.reset_time - time.time()) + 1)

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
