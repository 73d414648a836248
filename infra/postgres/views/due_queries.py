"""What the clock asks of the view of notifications: which tasks are due soon, or overdue."""

from collections.abc import Sequence
from datetime import datetime

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.notifications import NOTIFICATIONS_VIEW

from .pointers import Pointers
from .reader import ViewReader

_LATE = """
SELECT t.task_id, t.due_at, true FROM {notifications_tasks} AS t
WHERE t.late AND t.due_at <= %(now)s
ORDER BY t.due_at, t.task_id LIMIT %(limit)s
"""
_SOON = """
SELECT t.task_id, t.due_at, false FROM {notifications_tasks} AS t
WHERE t.soon AND t.due_at > %(now)s AND t.due_at <= %(soon)s
ORDER BY t.due_at, t.task_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class DueTask:
    """Of a task that is due then it is to be said that it is so soon, or that it `is_late`."""

    task_id: str
    due_at: datetime
    is_late: bool


class DueQueries:
    """Over all workspaces: for a pool of the worker role alone, which may see them all."""

    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, NOTIFICATIONS_VIEW)

    async def due(self, now: datetime, soon: datetime, limit: int) -> Sequence[DueTask]:
        """Of which tasks it is to be said that they are due by `now`, or will be by `soon`; the
        longest overdue first. Raises as `RecurrenceQueries.due`."""
        given = {"now": now, "soon": soon, "limit": limit}
        found = await self._reader.fetch((), _LATE, given)
        if len(found) < limit:
            found += await self._reader.fetch((), _SOON, given | {"limit": limit - len(found)})
        return [DueTask(*row) for row in found]
