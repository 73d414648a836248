"""Views in a real database, asked as the door asks them."""

from collections.abc import AsyncIterator

import pytest

from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.pointers import Pointers
from tests.infra.views.written import Written, opened
from tests.real import Database


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    pool = await open_pool(database.api_url, max_size=4)
    yield pool
    await pool.close()


@pytest.fixture
def pointers(pool: Pool) -> Pointers:
    return Pointers(pool)


@pytest.fixture
async def written(database: Database) -> AsyncIterator[Written]:
    async with opened(database) as written:
        yield written
