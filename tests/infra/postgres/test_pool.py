"""Connections of a pool, and servers that do nothing."""

import asyncio
import os
import signal
import time

import psycopg
import pytest

from infra.postgres.pool import open_pool
from tests.real import Database


async def test_a_server_that_hangs_is_as_good_as_gone(database: Database) -> None:
    """Its machine may be paused: the connection stays, and no answer ever comes."""
    pool = await open_pool(database.owner_url, max_size=2, statement_timeout_ms=100)
    try:
        async with pool.connection() as connection:
            hanging = connection.info.backend_pid
            os.kill(hanging, signal.SIGSTOP)
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await connection.execute("SELECT 1")
            assert time.monotonic() - began < 5
            assert connection.closed
        async with pool.connection() as connection:
            assert connection.info.backend_pid != hanging
            await connection.execute("SELECT 1")
    finally:
        os.kill(hanging, signal.SIGCONT)
        await pool.close()


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(database: Database) -> None:
    pool = await open_pool(database.owner_url, max_size=1, statement_timeout_ms=100)
    async with pool.connection() as connection:
        with pytest.raises(Exception, match="statement timeout"):
            await connection.execute("SELECT pg_sleep(10)")
        await connection.execute("SELECT 1")
    await pool.close()


async def test_a_server_that_went_away_is_met_once(database: Database) -> None:
    """Not once by whoever gets each of the connections that it took along."""
    pool = await open_pool(database.owner_url, min_size=4, max_size=4)
    await pool.wait()
    async with await psycopg.AsyncConnection.connect(database.owner_url) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(psycopg.OperationalError):
        async with pool.connection() as connection:
            await connection.execute("SELECT 1")

    async def ask() -> None:
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(0.05)")

    await asyncio.gather(*(ask() for _ in range(8)))
    await pool.close()
