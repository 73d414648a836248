"""Statements that go together: all of them or none, prepared once, and part of what is open."""

from collections.abc import AsyncIterator

import pytest
from psycopg import errors
from psycopg.pq import PipelineStatus, TransactionStatus

from infra.postgres.arrays import IntegerArray
from infra.postgres.pool import Connection, Pool, open_pool
from infra.postgres.trip import Statement, together
from tests.real import Database

_PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'scoped%'"
_PUT = "INSERT INTO put SELECT unnest(%s::int[])"
_ALL = ("SELECT array_agg(number ORDER BY number) FROM put", ())


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    pool: Pool = await open_pool(database.owner_url, max_size=1)
    async with pool.connection() as connection:
        await connection.execute("CREATE TEMP TABLE put (number integer PRIMARY KEY)")
        yield connection
    await pool.close()


def put(*numbers: int) -> Statement:
    return _PUT, [IntegerArray.of(numbers)]


async def prepared(connection: Connection) -> int:
    row = await (await connection.execute(_PREPARED)).fetchone()
    assert row is not None
    return int(row[0])


async def test_each_statement_has_its_own_rows(connection: Connection) -> None:
    assert await together(connection, []) == []
    several = [put(1, 2), ("SELECT %s::text, %s::int", ("a", None)), put(3), _ALL]
    assert await together(connection, several) == [[], [("a", None)], [], [([1, 2, 3],)]]
    assert await together(connection, [_ALL, put(4), _ALL]) == [
        [([1, 2, 3],)],
        [],
        [([1, 2, 3, 4],)],
    ]
    assert await prepared(connection) == 3


async def test_of_what_fails_nothing_is_there_and_the_connection_goes_on(
    connection: Connection,
) -> None:
    for _ in range(2):
        with pytest.raises(errors.UniqueViolation):
            await together(connection, [put(1), ("SELECT 1", ()), put(1), put(2)])
        assert connection.pgconn.pipeline_status == PipelineStatus.OFF
        assert connection.pgconn.transaction_status == TransactionStatus.IDLE
        assert await together(connection, [_ALL]) == [[(None,)]]


async def test_within_a_transaction_they_are_part_of_it_and_nothing_is_prepared(
    connection: Connection,
) -> None:
    assert await together(connection, [_ALL]) == [[(None,)]]
    assert await prepared(connection) == 1
    async with connection.transaction():
        await connection.execute("SELECT 1", prepare=True)
        await together(connection, [put(1)])
        with pytest.raises(errors.UniqueViolation):
            async with connection.transaction():
                await together(connection, [put(2), put(1)])
        # The way back to the savepoint let go of all that was prepared.
        assert await prepared(connection) == 0
        assert await together(connection, [put(3), _ALL]) == [[], [([1, 3],)]]
        assert await prepared(connection) == 0
    assert await together(connection, [_ALL]) == [[([1, 3],)]]
    async with connection.transaction(force_rollback=True):
        await together(connection, [put(4)])
    assert await together(connection, [_ALL]) == [[([1, 3],)]]


async def test_more_is_sent_and_answered_at_once_than_any_buffer_holds(
    connection: Connection,
) -> None:
    large = "x" * 4_000_000
    answers = await together(connection, [("SELECT %s::text", (large,))] * 5)
    assert [len(text) for ((text,),) in answers] == [len(large)] * 5
