"""Leased shares: exact over processes, without a round trip each, and alone when it must be."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from infra.redis.client import open_redis
from infra.redis.rate_limit import WINDOW_S, RateLimiter
from tests.real import Parts


@pytest.fixture
async def redis(parts: Parts) -> AsyncIterator[Redis]:
    client = open_redis(parts.redis_url)
    await begin_of_a_window(client)
    yield client
    await client.aclose()


async def begin_of_a_window(redis: Redis) -> None:
    """A test that counts within one minute must not meet the end of it."""
    seconds, _ = await redis.time()
    left = WINDOW_S - seconds % WINDOW_S
    if left < 5:
        await asyncio.sleep(left)


async def _spend(limiter: RateLimiter, user: str, times: int) -> int:
    allowed = 0
    for _ in range(times):
        verdict = limiter.take(user) or await limiter.acquire(user)
        allowed += verdict.allowed
    return allowed


async def test_two_processes_together_let_through_exactly_the_limit(redis: Redis) -> None:
    user = uuid4().hex
    one, other = RateLimiter(redis, 500), RateLimiter(redis, 500)
    allowed = await asyncio.gather(_spend(one, user, 400), _spend(other, user, 400))
    assert sum(allowed) == 500


async def test_one_process_may_spend_the_whole_limit_and_not_one_more(redis: Redis) -> None:
    user = uuid4().hex
    limiter = RateLimiter(redis, 1_000)
    assert await _spend(limiter, user, 1_000) == 1_000
    verdict = await limiter.acquire(user)
    assert (verdict.allowed, verdict.remaining) == (False, 0)
    assert 0 < verdict.reset_s <= WINDOW_S
    assert (await limiter.acquire(uuid4().hex)).allowed


async def test_requests_do_not_each_ask_the_store(redis: Redis) -> None:
    user = uuid4().hex
    limiter = RateLimiter(redis, 1_000)
    before = (await redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"]
    await _spend(limiter, user, 800)
    after = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    assert after - before < 40


async def test_what_one_process_does_not_use_goes_back_to_the_others(redis: Redis) -> None:
    user = uuid4().hex
    idle, busy = RateLimiter(redis, 100), RateLimiter(redis, 100)
    await _spend(idle, user, 1)
    await idle.stop()
    assert await _spend(busy, user, 150) == 99


async def test_remaining_counts_down_to_nothing(redis: Redis) -> None:
    limiter = RateLimiter(redis, 20)
    user = uuid4().hex
    seen = [(await limiter.acquire(user)).remaining for _ in range(20)]
    assert seen == list(range(19, -1, -1))


async def test_without_the_store_each_process_counts_by_itself() -> None:
    nowhere = open_redis("redis://127.0.0.1:1")
    limiter = RateLimiter(nowhere, 50)
    assert await _spend(limiter, "somebody", 80) == 50
    assert limiter.mode == "local"
    await nowhere.aclose()
