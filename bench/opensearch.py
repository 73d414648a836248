"""OpenSearch beside what is measured, where a server can run: searches that it answers, and how
long it takes until it has what was written."""

import asyncio
import secrets
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from operator import itemgetter
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
_LOOK_EVERY_S: Final = 0.02
_POSITION: Final = "SELECT coalesce(max(position), 0) FROM ops.search_indexes WHERE answers"


@contextmanager
def node() -> Iterator[str | None]:
    """Its address; None, and the reason is told, where none can run."""
    with ExitStack() as running:
        try:
            server = OpenSearchServer(measured=True)
            running.callback(server.stop)
            server.start()
        except Unavailable as why:
            print(f"skipped: what OpenSearch answers: {why}", flush=True)
            yield None
        else:
            yield server.url


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
    then, as the index that answers says of itself; all of these are found there in the end."""
    title = f"w{secrets.token_hex(8)}"
    body = {"title": title, "project_id": project_id}

    async def one() -> tuple[int, float]:
        created = (await client.post("/tasks", json=body)).raise_for_status()
        return int(created.headers["X-Log-Position"]), time.perf_counter()

    async def had() -> list[tuple[int, float]]:
        """From when on it had all up to which position, until it has the last."""
        seen = [(0, 0.0)]
        url = Base(embedded).url(SUPERUSER)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while not last.done() or seen[-1][0] < last.result():
                await asyncio.sleep(_LOOK_EVERY_S)
                row = await (await connection.execute(_POSITION)).fetchone()
                if row is not None and row[0] > seen[-1][0]:
                    seen.append((row[0], time.perf_counter()))
        return seen

    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as running:
        watching = running.create_task(had())
        making = [running.create_task(one()) async for _ in paced(range(count), a_second)]
        made = await asyncio.gather(*making)
        last.set_result(max(position for position, _ in made))
    seen = watching.result()
    answer = (await client.get("/search", params={"q": title})).raise_for_status()
    assert answer.headers[BACKEND] == "opensearch"
    assert answer.json()["total"] == count, answer.json()["total"]
    return [
        1000 * max(0.0, seen[bisect_left(seen, position, key=itemgetter(0))][1] - answered)
        for position, answered in made
    ]


async def _backend(client: httpx.AsyncClient) -> str:
    answer = (await client.get("/search?q=any&limit=1")).raise_for_status()
    return answer.headers[BACKEND]
