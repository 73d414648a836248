"""Prepared statements in few steps of Python.

A cursor does the same in several waits and a good deal of bookkeeping, which for small statements
costs more than all the rest; so what is asked most speaks to libpq itself.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection
from psycopg.abc import Buffer, PQGen, Transformer
from psycopg.adapt import PyFormat
from psycopg.adapt import Transformer as NewTransformer
from psycopg.errors import InvalidSqlStatementName, OperationalError, error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import AsyncRowFactory, TupleRow, tuple_row

from infra.postgres.arrays import Binary
from infra.postgres.statements import Form, Statements

V = TypeVar("V")

DONE: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)

_PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\))?s|%%")


class PreparedConnection(AsyncConnection[TupleRow]):
    """A connection in autocommit that knows which statements it has prepared."""

    def __init__(self, pgconn: PGconn, row_factory: AsyncRowFactory[TupleRow] = tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.statements = Statements()


async def fetch_prepared(
    connection: AsyncConnection[TupleRow], sql: str, params: Sequence[Any] = ()
) -> list[TupleRow]:
    """The rows of one statement. `params` are psycopg's, where a `Binary` needs no adapting.

    Raises psycopg.Error.
    """
    assert isinstance(connection, PreparedConnection)
    transformer: Transformer = NewTransformer(connection)
    text, _ = positional(sql)
    types, values, formats = dumped(transformer, params)
    trip = partial(_trip, connection, (text, types), values, formats)
    return rows_of(transformer, await answered(connection, trip))


async def answered(connection: PreparedConnection, trip: Callable[[], PQGen[V]]) -> V:
    """What a trip to the server brings; it is made once more where a statement that it relied on
    is no longer prepared. Raises psycopg.Error."""
    async with connection.lock:
        if connection.closed:
            raise OperationalError("the connection is closed")
        try:
            return await connection.wait(trip())
        except InvalidSqlStatementName:
            # psycopg lets go of all prepared statements, ours too, where it rolls back.
            connection.statements.forget()
            return await connection.wait(trip())


def rows_of(transformer: Transformer, result: PGresult) -> list[TupleRow]:
    """As Python has them."""
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)


def _trip(
    connection: PreparedConnection,
    form: Form,
    values: Sequence[Buffer | None],
    formats: Sequence[Format],
) -> PQGen[PGresult]:
    libpq, statements = connection.pgconn, connection.statements
    superfluous = statements.superfluous()
    if superfluous is not None:
        libpq.send_query_params(b"DEALLOCATE " + superfluous, None)
        yield from _done(libpq)
    name = statements.name(form)
    if name is None:
        name = statements.fresh()
        text, types = form
        libpq.send_prepare(name, text.encode(), types)
        yield from _done(libpq)
        statements.keep(form, name)
    libpq.send_query_prepared(name, values, formats, Format.BINARY)
    return (yield from _done(libpq))


def _done(libpq: PGconn) -> PQGen[PGresult]:
    result: PGresult = (yield from execute(libpq))[-1]
    if result.status not in DONE:
        raise error_from_result(result, encoding="utf-8")
    return result


def dumped(
    transformer: Transformer, values: Sequence[Any]
) -> tuple[tuple[int, ...], Sequence[Buffer | None], Sequence[Format]]:
    """Parameters as they are sent: their types, their bytes, and their formats."""
    if all(isinstance(value, Binary) for value in values):
        types = tuple([value.oid for value in values])
        return types, [value.dumped() for value in values], [Format.BINARY] * len(values)
    found = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
    return tuple(transformer.types or ()), found, transformer.formats or ()


@lru_cache(maxsize=1_000)
def positional(sql: str) -> tuple[str, tuple[str, ...]]:
    """SQL with PostgreSQL's own placeholders, and the names in their order where it has names."""
    names: list[str] = []
    count = 0

    def place(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        name = found[1]
        if name is None:
            count += 1
            return f"${count}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(place, sql), tuple(names)
