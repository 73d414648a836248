"""Event stores over a real database, as the product's roles."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys, new_key
from infra.postgres.pool import open_pool
from tests.real import Database

OpenStore = Callable[..., Awaitable[PostgresEventStore]]


@pytest.fixture(scope="session")
def master_key() -> bytes:
    return new_key()


@pytest.fixture
async def open_store(database: Database, master_key: bytes) -> AsyncIterator[OpenStore]:
    """Opens stores that are closed when the test ends: as the api role, `as_worker`, or with the
    owner's log-in that takes on a `role`."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(
            *,
            as_worker: bool = False,
            role: str | None = None,
            master: MasterKeys | None = None,
            **options: Any,
        ) -> PostgresEventStore:
            url = database.worker_url if as_worker else database.api_url
            if role is not None:
                url = database.owner_url
            pool = await open_pool(url, role=role, max_size=4)
            stack.push_async_callback(pool.close)
            keys = master or MasterKeys(master_key)
            store = PostgresEventStore(pool, keys, url, role=role, **options)
            await store.start()
            stack.push_async_callback(store.close)
            return store

        yield open_one


@pytest.fixture
async def store(open_store: OpenStore) -> PostgresEventStore:
    """As an API process has it."""
    return await open_store()


@pytest.fixture
async def worker(open_store: OpenStore) -> PostgresEventStore:
    """As a background process has it."""
    return await open_store(as_worker=True)


@pytest.fixture
def superuser(database: Database) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection
