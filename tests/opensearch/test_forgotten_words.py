"""After an erasure no byte of the person is left in a file of OpenSearch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from infra.processes import membership
from tests.api.client import Api
from tests.api.forgetting import NAMES, Needles, completed, named, rewriting, writes
from tests.api.product import Product, served, settings_of
from tests.opensearch.server import OpenSearchServer
from tests.real import Database, Parts

_WITHIN_S = 60.0


@pytest.fixture
def product(
    parts: Parts, database: Database, opensearch: OpenSearchServer, tmp_path: Path
) -> Iterator[Product]:
    url = SecretStr(opensearch.url)
    with served(settings_of(parts, database, data_dir=tmp_path, opensearch_url=url)) as running:
        yield running


async def test_no_word_of_whoever_was_erased_is_left_in_an_index(
    product: Product, opensearch: OpenSearchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "DROP_AFTER_S", 0.5)  # tables of former generations
    needle = Needles()
    async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as http:
        ada = await Api(http, product.house.access_tokens.issue).register()
        workspace = await ada.post("/workspaces", {"name": "Firm"})
        members = f"/workspaces/{workspace['id']}/members"
        carl, bea = await ada.register(), await named(ada, needle)
        for each in (carl, bea):
            await ada.post(members, {"user_id": each.user_id, "role": "admin"})
        await writes(bea, ada, workspace["id"], needle, NAMES)
        query = {"q": "Meet", "workspace_id": workspace["id"]}

        async def answers() -> None:
            while True:
                found = await ada.send("GET", "/search", params=query)
                if found.headers["X-Search-Backend"] == "opensearch":
                    return
                await asyncio.sleep(0.05)

        await asyncio.wait_for(answers(), _WITHIN_S)
        opensearch.ask("POST", "/_flush?force=true")
        folders = {"opensearch": opensearch.folder}
        assert needle.found_in(folders, "lib"), "the index has them"
        asked = await bea.post("/users/me/erasure", {"content": True, "reason": needle()})
        await carl.post(f"/erasures/{asked['id']}/approval")
        async with rewriting(product.settings) as turn:
            await asyncio.wait_for(completed(ada, asked["id"], turn), _WITHIN_S)
        opensearch.ask("POST", "/_flush?force=true")
        assert needle.found_in(folders, "lib") == []
        await asyncio.wait_for(answers(), _WITHIN_S)
