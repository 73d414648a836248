"""Questions to the view of recurrences: what the clock says is to be made."""

from collections.abc import Sequence
from datetime import datetime

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.recurrences import RECURRENCES_VIEW

from .pointers import Pointers
from .reader import ViewReader

_DUE = """
SELECT t.recurrence_id, t.ordinal
FROM {recurrences_recurrences} AS t
WHERE t.make_at <= %s
ORDER BY t.make_at, t.recurrence_id
LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class DueOccurrence:
    """The task after the `ordinal`-th of this series is to be made."""

    recurrence_id: str
    ordinal: int


class RecurrenceQueries:
    """Over all workspaces: for a pool of the worker role alone, which may see them all."""

    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, RECURRENCES_VIEW)

    async def due(self, now: datetime, limit: int) -> Sequence[DueOccurrence]:
        """What is to be made by now, the longest overdue first.

        Raises psycopg.Error or PoolTimeout while PostgreSQL is away, and Refused(VIEW_BEHIND)
        where the view is not there yet.
        """
        return [DueOccurrence(*row) for row in await self._reader.fetch((), _DUE, (now, limit))]
