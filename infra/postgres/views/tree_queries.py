"""Questions to the view of tasks about what stands below a task."""

from collections.abc import Sequence
from typing import Final

from commands.ports import Descendant
from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.tasks import TASKS_VIEW

from .pointers import Pointers
from .reader import ViewReader
from .waiting import ViewWaiter

# Rows of a parked stream may stand in a ring, until they are healed: nothing is this deep.
_LEVELS: Final = 1_000

_BELOW: Final = f"""
WITH RECURSIVE tree AS (
    SELECT t.task_id, t.parent_task_id, t.project_id, t.status, t.trashed, 1 AS level
    FROM {{tasks_tasks}} AS t WHERE t.parent_task_id = %(task)s
    UNION ALL
    SELECT t.task_id, t.parent_task_id, t.project_id, t.status, t.trashed, tree.level + 1
    FROM tree JOIN {{tasks_tasks}} AS t ON t.parent_task_id = tree.task_id
    WHERE tree.level < {_LEVELS}
)
SELECT {{position}}, found.*
FROM (SELECT) AS one
LEFT JOIN (SELECT * FROM tree LIMIT %(most)s) AS found ON true
ORDER BY found.level, found.task_id
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    position: int
    found: Sequence[Descendant]


class ViewTreeReader:
    """Implements commands.ports.TreeReader over the view of tasks."""

    def __init__(self, pool: Pool, pointers: Pointers, waiter: ViewWaiter) -> None:
        self._reader = ViewReader(pool, pointers, TASKS_VIEW)
        self._waiter = waiter

    async def descendants(
        self, workspace_id: str, task_id: str, position: int, limit: int
    ) -> Sequence[Descendant]:
        async def ask() -> _Seen:
            asked = {"task": task_id, "most": limit}
            rows = await self._reader.fetch((workspace_id,), _BELOW, asked)
            found = [Descendant(*row[1:]) for row in rows if row[1] is not None]
            return _Seen(rows[0][0] or 0, found)

        return (await self._waiter.at_least(TASKS_VIEW, position, ask)).found
