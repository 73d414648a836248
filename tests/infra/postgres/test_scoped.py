"""Scoped reads: as psycopg would answer, prepared once, and a failure leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from psycopg import errors
from psycopg.pq import PipelineStatus, TransactionStatus

from infra.postgres import statements
from infra.postgres.arrays import IntegerArray, TextArray
from infra.postgres.pool import Connection, Pool, open_pool
from infra.postgres.scoped import fetch_scoped
from tests.real import Database

_WHERE = "SELECT current_setting('taskledger.workspaces', true)"


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    pool = await open_pool(database.api_url, max_size=1)
    yield pool
    await pool.close()


async def prepared(connection: Connection) -> int:
    cursor = await connection.execute(
        "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'scoped%'"
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_parameters_come_by_place_by_name_and_as_arrays(pool: Pool) -> None:
    async with pool.connection() as connection:
        by_place = "SELECT %s::text, %s::int[], %s::bytea, '5%%', %s::text"
        values = ["a", [1, None], b"\x00", None]
        assert await fetch_scoped(connection, (), by_place, values) == [
            ("a", [1, None], b"\x00", "5%", None)
        ]
        named = {"b": 2, "a": "x"}
        by_name = "SELECT %(a)s || %(a)s::text, %(b)s::int"
        assert await fetch_scoped(connection, (), by_name, named) == [("xx", 2)]
        arrays = [IntegerArray.of([1, 2]), TextArray.of(["ä", None])]
        unnested = "SELECT * FROM unnest(%s::int[], %s::text[])"
        assert await fetch_scoped(connection, (), unnested, arrays) == [(1, "ä"), (2, None)]
        empty = [IntegerArray.of([]), TextArray.of([])]
        assert await fetch_scoped(connection, (), unnested, empty) == []


async def test_the_scope_ends_with_the_query(pool: Pool) -> None:
    async with pool.connection() as connection:
        assert await fetch_scoped(connection, ("ws_1", "ws_2"), _WHERE) == [("ws_1,ws_2",)]
        assert await fetch_scoped(connection, (), _WHERE) == [("",)]
        cursor = await connection.execute(_WHERE)
        assert await cursor.fetchone() in (("",), (None,))


async def test_a_refused_query_says_why_and_the_connection_goes_on(pool: Pool) -> None:
    async with pool.connection() as connection:
        for _ in range(3):
            with pytest.raises(errors.UndefinedTable):
                await fetch_scoped(connection, ("ws_1",), "SELECT * FROM views.nothing")
            with pytest.raises(errors.DivisionByZero):
                await fetch_scoped(connection, ("ws_1",), "SELECT 1 / %s::int", [0])
        assert await fetch_scoped(connection, (), "SELECT 1 / %s::int", [1]) == [(1,)]
        assert await fetch_scoped(connection, (), _WHERE) == [("",)]
        assert await prepared(connection) == 3


async def test_a_connection_prepares_each_form_once_and_no_more_than_it_may(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "MOST", 5)
    async with pool.connection() as connection:
        for _ in range(3):
            assert await fetch_scoped(connection, (), "SELECT %s::text", ["a"]) == [("a",)]
        assert await prepared(connection) == 2
        for number in range(30):
            sql = f"SELECT {number} + %s::int"
            assert await fetch_scoped(connection, (), sql, [1]) == [(number + 1,)]
        assert await prepared(connection) == 6
        assert await fetch_scoped(connection, (), "SELECT %s::text", ["b"]) == [("b",)]


async def test_who_no_longer_waits_leaves_a_connection_that_works(pool: Pool) -> None:
    out = asyncio.Event()

    async def slow() -> None:
        async with pool.connection() as connection:
            out.set()
            await fetch_scoped(connection, ("ws_1",), "SELECT pg_sleep(%s::int)", [60])

    waiting = asyncio.create_task(slow())
    async with asyncio.timeout(8):  # a statement is ended after ten seconds
        await out.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with pool.connection() as connection:
            assert await fetch_scoped(connection, (), _WHERE) == [("",)]
            pgconn = connection.pgconn
            assert pgconn.pipeline_status == PipelineStatus.OFF
            assert pgconn.transaction_status == TransactionStatus.IDLE


async def test_a_rollback_which_lets_go_of_what_was_prepared_is_met_by_preparing_anew(
    pool: Pool,
) -> None:
    async with pool.connection() as connection:
        assert await fetch_scoped(connection, ("ws_1",), _WHERE) == [("ws_1",)]
        for _ in range(2):
            async with connection.transaction(force_rollback=True):
                await connection.execute("SELECT 1")
            await connection.execute("SELECT 2", prepare=True)
            assert await fetch_scoped(connection, ("ws_1",), _WHERE) == [("ws_1",)]
        assert await prepared(connection) == 2
