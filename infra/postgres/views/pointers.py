"""Which generation of each view answers: read every other second, and when a table has gone."""

import time
from collections.abc import Mapping
from typing import Final

from domain.errors import Kind, Refused
from infra.postgres.pool import Pool
from projections.projection import Projection

# Shorter than the time for which a generation that answers no more is still kept up to date.
FRESH_S: Final = 2.0

_READ = """
SELECT p.name, p.version, p.generation, c.position
FROM ops.projection_pointers AS p JOIN ops.checkpoints AS c USING (name, version, generation)
"""


def being_built(projection: Projection) -> Refused:
    """The refusal of whoever asks a view of which no generation answers."""
    return Refused(
        Kind.VIEW_BEHIND,
        f"The view {projection.name} is being built; try again in a moment.",
        view=projection.name,
        position=0,
    )


class Pointers:
    """The pointers as this process last read them. A rebuild moves one, and the tables it
    pointed to are let go of some time later: whoever meets a dropped table calls `read_again`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._generations: dict[tuple[str, int], int] = {}
        self._read_at = 0.0

    async def generation(self, projection: Projection) -> int:
        """Of this code's version of a view. Raises Refused(VIEW_BEHIND) where none answers yet:
        the view is being built."""
        key = projection.name, projection.version
        found = self._generations.get(key)
        now = time.monotonic()
        if found is None or now - self._read_at > FRESH_S:
            self._read_at = now  # others go on with what was read before
            await self.read_again()
            found = self._generations.get(key)
        if found is None:
            raise being_built(projection)
        return found

    async def read_again(self) -> Mapping[tuple[str, int], int]:
        """Where the generations that answer are, by name and version of their views: from now on
        these are asked."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_READ, prepare=True)).fetchall()
        self._generations = {(name, version): number for name, version, number, _ in rows}
        return {(name, version): position for name, version, _, position in rows}
