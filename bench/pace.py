"""What is begun at an even pace, whether what was begun before has ended or not.

Answers are fetched by aiohttp: httpx takes eight times as much of the processors that this shares
with whoever answers, and of the milliseconds that are measured.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

import aiohttp
import httpx
from yarl import URL

T = TypeVar("T")

_PATIENCE_S = 30.0


async def paced(items: Iterable[T], a_second: float) -> AsyncIterator[T]:
    """Each when it is its turn; whatever is late comes at once, so that the pace is kept."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, item in enumerate(items):
        await asyncio.sleep(began + number / a_second - loop.time())
        yield item


async def answers_ms(
    logged_in: httpx.AsyncClient, paths: Iterable[str], a_second: float
) -> tuple[list[float], int]:
    """Milliseconds until each of these was answered, and how many were not with what was asked
    for."""
    address = str(logged_in.base_url).removesuffix("/")
    headers = {"Authorization": logged_in.headers["Authorization"]}
    patience = aiohttp.ClientTimeout(total=_PATIENCE_S)
    async with aiohttp.ClientSession(headers=headers, timeout=patience) as client:

        async def one(path: str) -> tuple[float, bool]:
            began = time.perf_counter()
            try:
                async with client.get(URL(address + path, encoded=True)) as answer:
                    await answer.read()
                is_good = answer.ok
            except (aiohttp.ClientError, TimeoutError):
                is_good = False
            return (time.perf_counter() - began) * 1000, is_good

        running = [asyncio.create_task(one(path)) async for path in paced(paths, a_second)]
        answers = await asyncio.gather(*running)
    return [took for took, _ in answers], sum(not is_good for _, is_good in answers)
