"""Lets go of what an upgrade left behind: versions of views for which only older code asked."""

from collections.abc import Iterable

import structlog

from infra.postgres.pool import Connection
from infra.processes import generations
from infra.processes.generations import Generation
from infra.processes.sessions import Leadership

# Until then older code finds its views where it left them, should it come back.
KEEP_S = 24 * 3600.0

_FORMER = """
SELECT c.name, c.version, c.generation
FROM unnest(%s::text[], %s::integer[]) AS v (name, version)
JOIN ops.projection_pointers AS p USING (name, version)
JOIN ops.checkpoints AS c ON c.name = v.name AND c.version < v.version
WHERE c.updated_at < clock_timestamp() - make_interval(secs => %s)
"""

log = structlog.get_logger()


async def drop_former(leadership: Leadership, views: Iterable[tuple[str, int]]) -> None:
    """Drop what is of an earlier version of these views, once they answer themselves: where
    nobody leads it, and nobody has moved it for a day. What a reader still holds goes later."""
    for generation in await _former(leadership.session, views):
        lock = generations.view_lock(generation.name, generation.version)
        if await leadership.try_lead(lock):
            try:
                await generations.unpoint(leadership.session, generation)
                if await generations.drop(leadership.session, generation):
                    log.info("former_version_dropped", view=str(generation))
            finally:
                await leadership.resign(lock)


async def _former(connection: Connection, views: Iterable[tuple[str, int]]) -> list[Generation]:
    names, versions = zip(*views, strict=True)
    cursor = await connection.execute(_FORMER, (list(names), list(versions), KEEP_S))
    return [Generation(*row) for row in await cursor.fetchall()]
