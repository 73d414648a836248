"""An OpenSearch that hangs, or answers with what makes no sense: searches know it for away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest

from infra.opensearch import index as index_module
from infra.opensearch import standing
from infra.opensearch.index import OpenSearchIndex
from infra.opensearch.standing import ViewStanding
from infra.postgres.pool import open_pool
from projections.questions import Scope
from projections.search_query import asked_text
from projections.search_questions import Hits, IndexAway
from tests.infra.views.written import opened
from tests.projections.history import made_id
from tests.real import Database

SCOPE = Scope(workspaces=(made_id("ws", 1),))
JSON = b"Content-Type: application/json\r\n"
PAGE = b"<html>whose words</html>"


@dataclass
class There:
    """What answers in the place of an OpenSearch. `says`: (status, headers, body); None: nothing,
    for ever. `asked`: how often."""

    says: tuple[bytes, bytes, bytes] | None = None
    asked: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self.says is None:
                await reader.read()
            else:
                status, headers, body = self.says
                length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
                writer.write(b"HTTP/1.1 " + status + b"\r\n" + headers + length + body)
        writer.close()


@dataclass
class Sought:
    there: There
    index: OpenSearchIndex

    async def hits(self) -> Hits | IndexAway:
        try:
            return await self.index.hits(SCOPE, asked_text("whose words", 30))
        except IndexAway as away:
            return away


@pytest.fixture
async def sought(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sought]:
    monkeypatch.setattr(index_module, "_CLOSED_FOR_S", 0.0)
    there = There()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            await asyncio.start_server(there.serve, "127.0.0.1", 0)
        )
        written = await stack.enter_async_context(opened(database, []))
        view = ViewStanding(generation=1, position=0, parked=0)
        row = await standing.begin(written.connection, written.log_id, "an-index", view)
        row = await standing.level(written.connection, row, 0, 0)
        await standing.answer(written.connection, written.log_id, row)
        pool = await open_pool(database.api_url, max_size=2)
        stack.push_async_callback(pool.close)
        host, port = server.sockets[0].getsockname()
        index = OpenSearchIndex(f"http://{host}:{port}", pool, written.log_id, timeout_s=0.3)
        stack.push_async_callback(index.close)
        yield Sought(there, index)


@pytest.mark.parametrize(
    "says",
    [
        (b"200 OK", JSON, b"{}"),
        (b"200 OK", JSON, b'{"hits": {"total": "whose words"}}'),
        (b"200 OK", JSON, b'{"hits": {"total": {"value": 1}, "hits": [{"_id": 1}]}}'),
        (b"200 OK", JSON, b'["whose words"'),
        (b"200 OK", b"Content-Type: text/plain\r\n", b"whose words"),
        (b"200 OK", b"Content-Type: text/html\r\n", PAGE),
        (b"502 Bad Gateway", b"Content-Type: text/html\r\n", PAGE),
        (b"400 Bad Request", JSON, b'{"error": {"type": "parse", "reason": "whose words"}}'),
        (b"400 Bad Request", JSON, b'{"error": "whose words"}'),
        (b"whose words", b"", b""),
    ],
)
async def test_what_makes_no_sense_is_an_index_that_is_away_and_is_not_told(
    sought: Sought, says: tuple[bytes, bytes, bytes]
) -> None:
    sought.there.says = says
    away = await sought.hits()
    assert isinstance(away, IndexAway)
    assert "whose" not in str(away)
    # The next good answer counts.
    sought.there.says = (b"200 OK", JSON, b'{"hits": {"total": {"value": 0}}}')
    assert isinstance(await sought.hits(), Hits)


async def test_while_it_hangs_one_finds_out_and_all_others_are_answered_at_once(
    sought: Sought,
) -> None:
    assert isinstance(await sought.hits(), IndexAway)
    assert sought.there.asked == 1
    found = await asyncio.gather(*(sought.hits() for _ in range(10)))
    assert all(isinstance(each, IndexAway) for each in found)
    assert sought.there.asked == 2
