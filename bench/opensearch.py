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
import psycopg

from bench.log import Base
from bench.pace import answers_ms, paced
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import SUPERUSER
from tests.opensearch.server import OpenSearchServer, Unavailable

BACKEND: Final = "X-Search-Backend"

_LEVEL_WITHIN_S: Final = 1_800.0
_LOOKS_A_SECOND: Final = 50
_POSITION: Final = "SELECT max(position) FROM ops.search_indexes WHERE answers"


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


async def until_it_has_ms(
    client: httpx.AsyncClient, embedded: EmbeddedParts, project_id: str, count: int, a_second: float
) -> list[float]:
    """Milliseconds from the answer to a creation until OpenSearch has all that was written until
    then, as the index that answers says of itself; the last task is found there in the end."""
    title = f"w{secrets.token_hex(8)}"

    async def one(position: asyncio.Condition, shown: list[int]) -> float:
        body = {"title": title, "project_id": project_id}
        created = (await client.post("/tasks", json=body)).raise_for_status()
        began, written = time.perf_counter(), int(created.headers["X-Log-Position"])
        async with position:
            await position.wait_for(lambda: shown[0] >= written)
        return (time.perf_counter() - began) * 1000

    moved, shown = asyncio.Condition(), [0]
    watching = asyncio.create_task(_watch(embedded, moved, shown))
    running = [asyncio.create_task(one(moved, shown)) async for _ in paced(range(count), a_second)]
    took = await asyncio.gather(*running)
    watching.cancel()
    answer = (await client.get("/search", params={"q": title, "total": True})).raise_for_status()
    assert answer.headers[BACKEND] == "opensearch"
    assert answer.json()["total"] == count, answer.json()["total"]
    return took


async def _watch(embedded: EmbeddedParts, moved: asyncio.Condition, shown: list[int]) -> None:
    url = Base(embedded).url(SUPERUSER)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        async for _ in paced(repeat(None), _LOOKS_A_SECOND):
            cursor = await connection.execute(_POSITION)
            (found,) = await cursor.fetchone() or (0,)
            if found > shown[0]:
                async with moved:
                    shown[0] = found
                    moved.notify_all()


async def _backend(client: httpx.AsyncClient) -> str:
    answer = (await client.get("/search?q=any&limit=1")).raise_for_status()
    return answer.headers[BACKEND]
