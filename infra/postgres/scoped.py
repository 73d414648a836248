"""Reads within a tenant's scope: prepared, and in one round trip with what sets the scope."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg.abc import Buffer, PQGen, Transformer
from psycopg.adapt import Transformer as NewTransformer
from psycopg.errors import OperationalError, error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import TupleRow

from infra.postgres.pool import Connection
from infra.postgres.prepared import DONE, PreparedConnection, dumped, positional, rows_of
from infra.postgres.statements import Form, Statements

Params = Sequence[Any] | Mapping[str, Any]

_SCOPE: Final[Form] = ("SELECT set_config('taskledger.workspaces', $1, true)", ())


async def fetch_scoped(
    connection: Connection, workspaces: Iterable[str], sql: str, params: Params = ()
) -> list[TupleRow]:
    """The rows of one query that sees only these workspaces, in one round trip.

    `connection` is one of `open_pool`'s; `params` are psycopg's, where a `Binary` needs no
    adapting. Between two synchronisations of a pipeline PostgreSQL keeps one implicit transaction,
    so the scope ends with the query and cannot leak to whoever uses the connection next.
    """
    assert isinstance(connection, PreparedConnection)
    transformer: Transformer = NewTransformer(connection)
    text, names = positional(sql)
    given = [params[name] for name in names] if isinstance(params, Mapping) else params
    types, values, formats = dumped(transformer, given)
    scope = ",".join(workspaces).encode()

    def trip() -> PQGen[PGresult]:
        begun = _Trip(connection.pgconn, connection.statements)
        return begun.run(scope, (text, types), values, formats)

    return await rows_of(connection, transformer, trip)


class _Trip:
    """Everything that is sent in one go, up to the synchronisation."""

    def __init__(self, connection: PGconn, statements: Statements) -> None:
        self._connection = connection
        self._statements = statements
        # What each step prepares, if it does.
        self._steps: list[tuple[Form, bytes] | None] = []

    def run(
        self,
        scope: bytes,
        form: Form,
        values: Sequence[Buffer | None],
        formats: Sequence[Format],
    ) -> PQGen[PGresult]:
        connection = self._connection
        connection.enter_pipeline_mode()
        try:
            self._let_go()
            self._execute(_SCOPE, [scope], [Format.TEXT])
            self._execute(form, values, formats)
            connection.pipeline_sync()
            yield from send(connection)
            results = yield from self._until_sync()
        finally:
            self._leave()
        for step, result in zip(self._steps, results, strict=True):
            if result.status not in DONE:
                raise error_from_result(result, encoding="utf-8")
            if step is not None:
                self._statements.keep(*step)
        return results[-1]

    def _let_go(self) -> None:
        name = self._statements.superfluous()
        if name is not None:
            self._connection.send_query_params(b"DEALLOCATE " + name, None)
            self._steps.append(None)

    def _execute(
        self, form: Form, values: Sequence[Buffer | None], formats: Sequence[Format]
    ) -> None:
        name = self._statements.name(form)
        if name is None:
            name = self._statements.fresh()
            text, types = form
            self._connection.send_prepare(name, text.encode(), types)
            self._steps.append((form, name))
        self._connection.send_query_prepared(name, values, formats, Format.BINARY)
        self._steps.append(None)

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
