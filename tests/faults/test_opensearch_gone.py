"""OpenSearch is killed, its index deleted, its disk read-only: PostgreSQL answers, and says so,
and the index comes back by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from tests.api.client import Api
from tests.api.product import Product, served, settings_of
from tests.opensearch.server import OpenSearchServer
from tests.real import Database, Parts
from tests.waiting import keeps_within

_READ_ONLY = "index.blocks.read_only_allow_delete"


@pytest.fixture
def product(parts: Parts, database: Database, opensearch: OpenSearchServer) -> Iterator[Product]:
    url = SecretStr(opensearch.url)
    with served(settings_of(parts, database, opensearch_url=url)) as running:
        yield running


@pytest.fixture
async def ada(product: Product) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as client:
        yield await Api(client, product.house.access_tokens.issue).register()


async def found(ada: Api, q: str) -> tuple[str, int, list[str]]:
    """Whose answer it is, what it shows, and the titles."""
    answer = await ada.send("GET", "/search", params={"q": q})
    assert answer.status_code == 200, answer.text
    titles = [task["title"] for task in answer.json()["tasks"]]
    headers = answer.headers
    return headers["X-Search-Backend"], int(headers["X-Log-Position"]), titles


async def until(what: str, within_s: float, holds: Callable[[], Awaitable[bool]]) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    while not await holds():
        assert time.monotonic() - began < within_s, f"not within {within_s:.0f} s: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def level(ada: Api, q: str, title: str, within_s: float = 20) -> float:
    """Until OpenSearch itself answers with the title."""

    async def holds() -> bool:
        backend, position, titles = await found(ada, q)
        assert position >= ada.position
        assert title in titles, f"{backend} has lost it"
        return backend == "opensearch"

    return await until("the index is level", within_s, holds)


async def why(ada: Api) -> str | None:
    parts = (await ada.http.get("/readyz")).json()["parts"]
    told: str | None = parts["opensearch"].get("why")
    return told


async def test_searches_go_on_and_the_index_comes_back(
    ada: Api, opensearch: OpenSearchServer
) -> None:
    await ada.task("First lamp")
    await level(ada, "lamp", "First lamp")

    async def is_there_s() -> float:
        await ada.task("Second lamp")
        return await level(ada, "lamp", "Second lamp")

    await keeps_within(5, is_there_s)

    async def is_well() -> bool:
        return await why(ada) is None

    await until("readyz is content", 20, is_well)

    # Its disk is read-only: what was written before stays, what is new is PostgreSQL's to show.
    opensearch.ask("PUT", "/taskledger-*/_settings", {_READ_ONLY: True})
    await ada.task("Third lamp")
    assert (await found(ada, "third lamp"))[::2] == ("postgresql", ["Third lamp"])

    async def is_told() -> bool:
        return "does not take documents" in (await why(ada) or "")

    await until("readyz tells", 20, is_told)
    opensearch.ask("PUT", "/taskledger-*/_settings", {_READ_ONLY: None})
    await level(ada, "third lamp", "Third lamp")

    # It was closed by somebody: what OpenSearch calls that is told, and nothing else of its answer.
    for name in list(opensearch.ask("GET", "/_alias")):  # type: ignore[call-overload]
        opensearch.ask("POST", f"/{name}/_close")
    assert (await found(ada, "first lamp"))[::2] == ("postgresql", ["First lamp"])
    assert "refuses (400 index_closed_exception)" in (await why(ada) or "")

    # It is deleted: another is made, perhaps before anybody asks.
    for name in list(opensearch.ask("GET", "/_alias")):  # type: ignore[call-overload]
        opensearch.ask("DELETE", f"/{name}")
    await level(ada, "first lamp", "First lamp")

    opensearch.kill()
    await ada.task("Fourth lamp")
    position = ada.position

    async def answered_s() -> float:
        ada.position = position
        began = time.monotonic()
        assert (await found(ada, "fourth lamp"))[::2] == ("postgresql", ["Fourth lamp"])
        ada.position = 0  # whoever wants nothing in particular is answered as well
        assert (await found(ada, "first lamp"))[::2] == ("postgresql", ["First lamp"])
        return time.monotonic() - began

    await keeps_within(5, answered_s)
    assert "PostgreSQL answers searches" in (await why(ada) or "")
    opensearch.start()
    await level(ada, "fourth lamp", "Fourth lamp", within_s=40)
