"""Which generation of each view answers: read once, and again when a table has gone."""

from domain.errors import Kind, Refused
from infra.postgres.pool import Pool
from projections.projection import Projection

_READ = "SELECT name, version, generation FROM ops.projection_pointers"


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
    pointed to are dropped some time later: whoever meets a dropped table calls `read_again`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._generations: dict[tuple[str, int], int] = {}

    async def generation(self, projection: Projection) -> int:
        """Of this code's version of a view. Raises Refused(VIEW_BEHIND) where none answers yet:
        the view is being built."""
        key = projection.name, projection.version
        found = self._generations.get(key)
        if found is None:
            await self.read_again()
            found = self._generations.get(key)
        if found is None:
            raise being_built(projection)
        return found

    async def read_again(self) -> None:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_READ)).fetchall()
        self._generations = {(name, version): generation for name, version, generation in rows}
