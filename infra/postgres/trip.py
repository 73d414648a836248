"""Statements that go to the server together: one round trip, whole or not at all.

Between two synchronisations of a pipeline PostgreSQL keeps one implicit transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from psycopg.abc import Buffer, PQGen, Transformer
from psycopg.adapt import Transformer as NewTransformer
from psycopg.errors import OperationalError, error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from infra.postgres.pool import Connection
from infra.postgres.prepared import DONE, PreparedConnection, answered, dumped, positional, rows_of
from infra.postgres.statements import Form

Statement = tuple[str, Sequence[Any]]
"""SQL with `%s`, and psycopg's parameters, of which a `Binary` needs no adapting."""


# What is not sent yet libpq keeps in a buffer that grows and never shrinks.
_UNSENT_BYTES: Final = 1024 * 1024


class Step(NamedTuple):
    """A statement as it is sent."""

    form: Form
    values: Sequence[Buffer | None]
    formats: Sequence[Format]


async def together(connection: Connection, statements: Sequence[Statement]) -> list[list[TupleRow]]:
    """The rows of each statement. Within a transaction of the caller's they are part of it; else
    they are one of their own. Raises psycopg.Error.
    """
    assert isinstance(connection, PreparedConnection)
    if not statements:
        return []
    transformer: Transformer = NewTransformer(connection)

    def steps() -> Iterable[Step]:
        for sql, params in statements:
            text, _ = positional(sql)
            types, values, formats = dumped(transformer, params)
            yield Step((text, types), values, formats)

    results = await answered(connection, lambda: trip(connection, steps()))
    return [rows_of(transformer, result) for result in results]


def trip(connection: PreparedConnection, steps: Iterable[Step]) -> PQGen[list[PGresult]]:
    """One result a step."""
    return _Trip(connection).run(steps)


class _Trip:
    """Everything that is sent in one go, up to the synchronisation."""

    def __init__(self, connection: PreparedConnection) -> None:
        self._connection = connection.pgconn
        self._statements = connection.statements
        # Who goes back to a savepoint lets go of all prepared statements, and could not try again.
        self._prepares = connection.pgconn.transaction_status == TransactionStatus.IDLE
        # What each result is of: a statement that gets this name, a step (True), or neither.
        self._expected: list[tuple[Form, bytes] | bool] = []
        self._prepared: dict[Form, bytes] = {}

    def run(self, steps: Iterable[Step]) -> PQGen[list[PGresult]]:
        connection = self._connection
        connection.enter_pipeline_mode()
        try:
            self._let_go()
            unsent = 0
            for step in steps:
                self._execute(step)
                unsent += sum(len(value) for value in step.values if value is not None)
                if unsent > _UNSENT_BYTES:
                    yield from send(connection)
                    unsent = 0
            connection.pipeline_sync()
            yield from send(connection)
            results = yield from self._until_sync()
        finally:
            self._leave()
        found = []
        for expected, result in zip(self._expected, results, strict=True):
            if result.status not in DONE:
                raise error_from_result(result, encoding="utf-8")
            if expected is True:
                found.append(result)
            elif expected:
                self._statements.keep(*expected)
        return found

    def _let_go(self) -> None:
        name = self._statements.superfluous()
        if name is not None:
            self._connection.send_query_params(b"DEALLOCATE " + name, None)
            self._expected.append(False)

    def _execute(self, step: Step) -> None:
        form, values, formats = step
        text, types = form
        if not self._prepares:
            self._connection.send_query_params(text.encode(), values, types, formats, Format.BINARY)
        else:
            name = self._statements.name(form) or self._prepared.get(form)
            if name is None:
                name = self._prepared[form] = self._statements.fresh()
                self._connection.send_prepare(name, text.encode(), types)
                self._expected.append((form, name))
            self._connection.send_query_prepared(name, values, formats, Format.BINARY)
        self._expected.append(True)

    def _until_sync(self) -> PQGen[list[PGresult]]:
        results: list[PGresult] = []
        while True:
            for result in (yield from fetch_many(self._connection)):
                if result.status == ExecStatus.PIPELINE_SYNC:
                    return results
                results.append(result)

    def _leave(self) -> None:
        if self._connection.status != ConnStatus.OK:
            return
        try:
            self._connection.exit_pipeline_mode()
        except OperationalError:
            # Answers are still under way: nobody may use the connection any more.
            self._connection.finish()
