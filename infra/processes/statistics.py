"""Tells the planner of the tables of views as they grow, beside whoever fills them."""

import asyncio
from collections.abc import Callable, Mapping

from psycopg.errors import UndefinedTable

from infra.postgres.pool import Connection
from infra.postgres.views import ddl
from infra.processes.backoff import Backoff
from infra.processes.generations import Generation
from infra.processes.outages import starts_over
from infra.processes.sessions import Sessions
from projections.projection import Projection

Filled = Mapping[Generation, Projection]

EVERY_S = 1.0

_GROWN = """
SELECT k.name FROM unnest(%s::text[]) AS k(name) JOIN pg_class AS c ON c.oid = to_regclass(k.name)
WHERE c.relpages < 256
AND pg_relation_size(c.oid) > 16 * greatest(c.relpages, 1) * current_setting('block_size')::bigint
"""


async def keep_analysed(sessions: Sessions, filled: Callable[[], Filled]) -> None:
    """Look once a second, until cancelled, which tables have grown much since the planner heard of
    them last, and analyse those alone.

    A plan that was made while a table was empty takes any index for as good as the key's, and
    autovacuum, which would put that right, looks once a minute. In a session of its own: it may
    take half a second, for which no view should wait.
    """
    backoff = Backoff()
    while True:
        try:
            async with sessions.open("statistics") as session:
                while True:
                    await _analyse_grown(session, filled())
                    backoff.reset()
                    await asyncio.sleep(EVERY_S)
        except Exception as error:
            # A generation may be dropped while its tables are looked at.
            starts_over("statistics", error, UndefinedTable)
        await backoff.wait()


async def _analyse_grown(session: Connection, filled: Filled) -> None:
    names = [
        ddl.relation(projection, table, generation.number)
        for generation, projection in filled.items()
        for table in projection.tables
    ]
    cursor = await session.execute(_GROWN, (names,))
    for (name,) in await cursor.fetchall():
        await session.execute(f"ANALYZE {name}")
