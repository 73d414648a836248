"""What is begun at an even pace, whether what was begun before has ended or not."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

import httpx

T = TypeVar("T")


async def paced(items: Iterable[T], a_second: float) -> AsyncIterator[T]:
    """Each when it is its turn; whatever is late comes at once, so that the pace is kept."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, item in enumerate(items):
        await asyncio.sleep(began + number / a_second - loop.time())
        yield item


async def answers_ms(
    client: httpx.AsyncClient, paths: Iterable[str], a_second: float
) -> tuple[list[float], int]:
    """Milliseconds until each of these was answered, and how many were not with what was asked
    for."""

    async def one(path: str) -> tuple[float, bool]:
        began = time.perf_counter()
        try:
            is_good = (await client.get(path)).is_success
        except httpx.TransportError:
            is_good = False
        return (time.perf_counter() - began) * 1000, is_good

    running = [asyncio.create_task(one(path)) async for path in paced(paths, a_second)]
    answers = await asyncio.gather(*running)
    return [took for took, _ in answers], sum(not is_good for _, is_good in answers)
