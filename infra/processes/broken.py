"""Lets go of generations of which a table is gone, so that they are built anew from the log."""

from collections.abc import Iterable

import structlog

from infra.postgres.pool import Connection
from infra.processes import generations
from infra.processes.generations import Generation

_BROKEN = """
SELECT g.name, g.version, g.generation
FROM unnest(%s::text[], %s::integer[]) AS v (name, version)
JOIN ops.projection_generations AS g USING (name, version)
WHERE EXISTS (SELECT FROM unnest(g.relations) AS r (name) WHERE to_regclass(r.name) IS NULL)
"""

log = structlog.get_logger()


async def discard_broken(connection: Connection, views: Iterable[tuple[str, int]]) -> None:
    """A table of a view can only have been dropped by hand. Who asks the view is told that it is
    behind, until whoever leads it has built it again."""
    names, versions = zip(*views, strict=True)
    cursor = await connection.execute(_BROKEN, (list(names), list(versions)))
    for row in await cursor.fetchall():
        generation = Generation(*row)
        log.error("view_has_lost_a_table", view=str(generation))
        await generations.discard(connection, generation)
