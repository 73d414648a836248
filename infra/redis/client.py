"""The Valkey or Redis connection of a process: quick to give up, since nothing depends on it."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

TIMEOUT_S: Final = 0.5


def open_redis(url: str) -> Redis:
    """A pool that connects on first use. Every call ends within half a second."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        health_check_interval=15,
        max_connections=32,
        retry=Retry(NoBackoff(), 0),
    )
