"""Questions to the views of retention and of tasks: what has been in the trash for long enough."""

from collections.abc import Sequence
from datetime import datetime

from infra.postgres.pool import Pool
from projections.retention import RETENTION_VIEW
from projections.tasks import TASKS_VIEW

from .pointers import Pointers
from .reader import ViewReader

# What stands below a task that is due goes with it. Nothing is asked for in vain while a hold
# stands that kept it.
_DUE = """
SELECT due.task_id FROM {retention_projects} AS p
CROSS JOIN LATERAL (
    SELECT t.task_id, t.trashed_at FROM {tasks_tasks} AS t
    WHERE t.project_id = p.project_id
        AND t.trashed_at <= %(now)s - make_interval(days => p.trash_days)
        AND NOT EXISTS (
            SELECT FROM {tasks_tasks} AS above WHERE above.task_id = t.parent_task_id
            AND above.project_id = p.project_id
            AND above.trashed_at <= %(now)s - make_interval(days => p.trash_days))
        AND NOT EXISTS (
            SELECT FROM {retention_held} AS k JOIN {retention_holds} AS h
                ON h.hold_id = ANY(k.hold_ids)
            WHERE k.task_id = t.task_id)
    ORDER BY t.trashed_at, t.task_id LIMIT %(limit)s
) AS due
ORDER BY due.trashed_at, due.task_id LIMIT %(limit)s
"""


class RetentionQueries:
    """Over all workspaces: for a pool of the worker role alone, which may see them all."""

    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, RETENTION_VIEW, (TASKS_VIEW,))

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of tasks whose time in the trash is over by now, the longest there first. Raises as
        `RecurrenceQueries.due`."""
        found = await self._reader.fetch((), _DUE, {"now": now, "limit": limit})
        return [task_id for (task_id,) in found]
