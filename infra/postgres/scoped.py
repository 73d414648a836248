"""Reads within a tenant's scope: prepared, and in one round trip with what sets the scope."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg.abc import Transformer
from psycopg.adapt import Transformer as NewTransformer
from psycopg.pq import Format
from psycopg.rows import TupleRow

from infra.postgres.pool import Connection
from infra.postgres.prepared import PreparedConnection, answered, dumped, positional, rows_of
from infra.postgres.statements import Form
from infra.postgres.trip import Step, trip

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
    steps = (
        Step(_SCOPE, [",".join(workspaces).encode()], [Format.TEXT]),
        Step((text, types), values, formats),
    )
    _, answer = await answered(connection, lambda: trip(connection, steps))
    return rows_of(transformer, answer)
