"""A log to append to, where a test asks for none in particular."""

from collections.abc import AsyncIterator

import pytest

from bench.log import store_over
from infra.event_store.store import PostgresEventStore
from infra.keys.master import new_key
from tests.real import Database


@pytest.fixture
async def store(database: Database) -> AsyncIterator[PostgresEventStore]:
    """As the owner of the database has it, under a master key of its own."""
    async with store_over(database.owner_url, new_key()) as opened:
        yield opened
