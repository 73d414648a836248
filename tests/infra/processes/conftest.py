"""A log, a connection to NATS and background processes for each test."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import psycopg
import pytest

from infra.nats.connection import NatsConnection
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.postgres.pool import open_pool
from infra.processes.sessions import Sessions
from infra.tasks import cancelled
from tests.infra.processes.sample import Faults, SampleLog
from tests.real import Database, Parts


@pytest.fixture(autouse=True)
def _no_faults() -> None:
    Faults.broken = True
    Faults.outage = None
    Faults.folded = 0


@pytest.fixture
async def log(database: Database) -> AsyncIterator[SampleLog]:
    pool = await open_pool(database.worker_url, max_size=3)
    try:
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("SET timezone = 'UTC'")
            yield SampleLog(connection, pool)
    finally:
        await pool.close()


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return Sessions(database.worker_url)


@pytest.fixture
async def nats(parts: Parts, log: SampleLog) -> AsyncIterator[NatsConnection]:
    async with NatsConnection(parts.nats_url, "test") as connection:
        assert await connection.wait_connected(10)
        yield connection
        await LogStream(connection, Subjects(log.log_id()), StreamLimits()).delete()


Run = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    """Runs a process's coroutine until the test ends, or until the test cancels it."""
    tasks: list[asyncio.Task[None]] = []

    def start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    yield start
    await cancelled(*tasks)


async def until(
    condition: Callable[[], Awaitable[bool] | bool], within_s: float = 60.0, what: str = "it"
) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + within_s
    while True:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, f"{what} did not come true in {within_s} s"
        await asyncio.sleep(0.02)
