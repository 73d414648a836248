"""How the index in OpenSearch follows the view: what comes twice, late, from another generation."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from opensearchpy import AsyncOpenSearch

from domain.task.events import TaskRetitled
from infra.opensearch import indexer as indexing
from infra.opensearch import standing
from infra.opensearch.client import open_client
from infra.opensearch.indexer import Indexer
from infra.opensearch.standing import Standing
from infra.postgres.pool import Connection
from infra.postgres.views.ddl import relation
from infra.processes.sessions import Sessions
from projections.search import DOCS, SEARCH_VIEW
from tests.infra.views.written import Written, opened
from tests.opensearch.server import OpenSearchServer
from tests.projections.history import History, made_id
from tests.real import Database

WEB = made_id("proj", 1)


@dataclass
class Following:
    past: History
    written: Written
    session: Connection
    client: AsyncOpenSearch
    indexer: Indexer

    async def step(self) -> bool:
        return await self.indexer.step(self.session, self.client, self.written.log_id)

    async def level(self) -> Standing:
        while await self.step():
            pass
        found = await standing.answering(self.session, self.written.log_id)
        assert found is not None
        return found

    async def count(self, word: str) -> int:
        found = await standing.answering(self.session, self.written.log_id)
        assert found is not None
        body = {"query": {"term": {"title": word}}}
        return int((await self.client.count(index=found.name, body=body))["count"])

    async def indexes(self) -> set[str]:
        name = f"taskledger-{self.written.log_id[:8]}-*"
        return set(await self.client.indices.get(index=name))


@pytest.fixture
async def following(database: Database, opensearch: OpenSearchServer) -> AsyncIterator[Following]:
    async with AsyncExitStack() as stack:
        written = await stack.enter_async_context(opened(database, [SEARCH_VIEW]))
        client = open_client(opensearch.url, timeout_s=30)
        stack.push_async_callback(client.close)
        past = History()
        past.project(1, past.workspace(1))
        indexer = Indexer(opensearch.url, Sessions(database.worker_url))
        yield Following(past, written, written.connection, client, indexer)


async def test_a_position_is_shown_once_all_up_to_there_is_found(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_ROWS", 4)
    past = following.past
    for number in range(1, 11):
        past.task(number, WEB, title="word")
    await following.written.write(past)
    for _ in range(2):
        assert await following.step()
        (index,) = await standing.all_of(following.session, following.written.log_id)
        assert (index.position, index.answers) == (0, False)
        assert index.read_upto > 0
    index = await following.level()
    assert index.position == past.position
    assert await following.count("word") == 10

    # All of it comes again, what was changed meanwhile included: nothing is other for it.
    past.change(made_id("task", 1), TaskRetitled(title="other", was="word"))
    await following.written.write(past)
    await standing.read_all_again(following.session)
    # Whoever had begun before that has not read them.
    await standing.level(following.session, index, past.position, 0)
    found = await standing.answering(following.session, following.written.log_id)
    assert found is not None
    assert not found.is_level
    assert (await following.level()).position == past.position
    assert (await following.count("word"), await following.count("other")) == (9, 1)


async def test_another_generation_gets_an_index_of_its_own_and_the_old_one_goes(
    following: Following,
) -> None:
    past, written = following.past, following.written
    past.task(1, WEB, title="word")
    await written.write(past)
    first = await following.level()
    rebuilt = await written.another(SEARCH_VIEW)
    old, new = (relation(SEARCH_VIEW, DOCS, number) for number in (1, rebuilt.number))
    await following.session.execute(f"INSERT INTO {new} SELECT * FROM {old}")
    await following.session.execute("UPDATE ops.checkpoints SET position = %s", (past.position,))
    await written.answer_with(rebuilt, SEARCH_VIEW)
    second = await following.level()
    assert second.generation == rebuilt.number
    assert await following.indexes() == {f"{second.name}-of"}
    assert await following.count("word") == 1

    # Rows that were healed may have changed without having moved: all are read anew.
    await following.session.execute("UPDATE ops.search_indexes SET parked = 1")
    third = await following.level()
    assert len({first.name, second.name, third.name}) == 3
    assert await following.indexes() == {f"{third.name}-of"}
