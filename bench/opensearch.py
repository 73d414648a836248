"""OpenSearch beside what is measured, where a server can run: searches that it answers, and how
long it takes until it has what was written."""

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Final

import httpx

from bench.pace import answers_ms, paced
from tests.opensearch.server import OpenSearchServer, Unavailable

BACKEND: Final = "X-Search-Backend"

_LEVEL_WITHIN_S: Final = 1_800.0
_LOOKS_A_SECOND: Final = 20


@contextmanager
def node() -> Iterator[str | None]:
    """Its address; None, and the reason is told, where none can run."""
    try:
        server = OpenSearchServer(measured=True)
    except Unavailable as why:
        print(f"skipped: what OpenSearch answers: {why}", flush=True)
        yield None
        return
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


async def until_it_answers(client: httpx.AsyncClient) -> float:
    """Seconds until searches are answered by it, with all that there was when it came."""
    began = time.perf_counter()
    while await _backend(client) != "opensearch":
        if time.perf_counter() - began > _LEVEL_WITHIN_S:
            raise TimeoutError("OpenSearch does not become level with the views")
        await asyncio.sleep(1)
    return time.perf_counter() - began


async def searches_ms(
    client: httpx.AsyncClient, paths: Sequence[str], a_second: float
) -> tuple[list[float], int]:
    """As `answers_ms`; all have failed where it is not OpenSearch that answers in the end."""
    took, failed = await answers_ms(client, paths, a_second)
    return took, failed if await _backend(client) == "opensearch" else len(took)


async def until_found_ms(
    client: httpx.AsyncClient, project_id: str, count: int, a_second: float
) -> list[float]:
    """Milliseconds from the answer to a creation until OpenSearch finds the task by its title."""

    async def one() -> float:
        word = f"w{secrets.token_hex(8)}"
        body = {"title": word, "project_id": project_id}
        (await client.post("/tasks", json=body)).raise_for_status()
        began = time.perf_counter()
        async for _ in paced(repeat(None), _LOOKS_A_SECOND):
            if await _finds(client, word):
                break
        return (time.perf_counter() - began) * 1000

    running = [asyncio.create_task(one()) async for _ in paced(range(count), a_second)]
    return await asyncio.gather(*running)


async def _finds(client: httpx.AsyncClient, word: str) -> bool:
    # In quotes, since a word that nobody knows is looked for by others that are spelt alike.
    answer = await client.get("/search", params={"q": f'"{word}"', "limit": 1})
    answer.raise_for_status()
    return answer.headers[BACKEND] == "opensearch" and bool(answer.json()["tasks"])


async def _backend(client: httpx.AsyncClient) -> str:
    answer = (await client.get("/search?q=any&limit=1")).raise_for_status()
    return answer.headers[BACKEND]
