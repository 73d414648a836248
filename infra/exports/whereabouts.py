"""In which project a task was when something happened to it, as the view of the past has it."""

from collections.abc import Mapping, Sequence
from typing import Final

from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from infra.postgres.views.waiting import ViewWaiter
from projections.past import PAST_VIEW

# Each event of a task ends the version before it.
_BEFORE: Final = """
SELECT v.last, v.project_id FROM {past_versions} AS v
JOIN unnest(%(tasks)s::text[], %(positions)s::bigint[]) AS w (task_id, position)
    ON v.task_id = w.task_id AND v.last = w.position
WHERE v.workspace_id = %(workspace)s AND v.project_id IS NOT NULL
"""


class Whereabouts:
    def __init__(self, pool: Pool, pointers: Pointers, waiter: ViewWaiter) -> None:
        self._reader = ViewReader(pool, pointers, PAST_VIEW)
        self._waiter = waiter

    async def before(
        self, workspace_id: str, events: Sequence[tuple[str, int]]
    ) -> Mapping[int, str]:
        """Of events of tasks, each the task's id and the event's position: position -> the id of
        the project in which the task was until then. What made a task has none.

        Raises Refused(VIEW_BEHIND).
        """
        if not events:
            return {}
        tasks, positions = map(list, zip(*events, strict=True))
        await self._waiter.reached(PAST_VIEW, max(positions))
        params = {"workspace": workspace_id, "tasks": tasks, "positions": positions}
        return dict(await self._reader.fetch((workspace_id,), _BEFORE, params))
