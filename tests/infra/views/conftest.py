"""Views in a real database, asked as the door asks them."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.rows import adapt
from tests.infra.views.written import Written
from tests.real import Database


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    opened = await open_pool(database.api_url, max_size=4)
    yield opened
    await opened.close()


@pytest.fixture
def pointers(pool: Pool) -> Pointers:
    return Pointers(pool)


@pytest.fixture
async def written(database: Database) -> AsyncIterator[Written]:
    connect = psycopg.AsyncConnection.connect
    async with (
        await connect(database.worker_url, autocommit=True) as worker,
        await connect(database.superuser_url, autocommit=True) as owner,
    ):
        adapt(worker)
        found = await (await owner.execute("SELECT log_id::text FROM log.head")).fetchone()
        assert found is not None
        views = Written(worker, owner, found[0])
        await views.begin()
        yield views
