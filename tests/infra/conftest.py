"""A log to append to, where a test asks for none in particular."""

from collections.abc import AsyncIterator

import pytest

from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys, new_key
from infra.postgres.pool import open_pool
from tests.real import Database


@pytest.fixture
async def store(database: Database) -> AsyncIterator[PostgresEventStore]:
    """As the owner of the database has it, under a master key of its own."""
    pool = await open_pool(database.owner_url)
    store = PostgresEventStore(pool, MasterKeys(new_key()), database.owner_url)
    try:
        await store.start()
        yield store
        await store.close()
    finally:
        await pool.close()
