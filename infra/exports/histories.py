"""What happened to the tasks of a project, task by task, as the log had it at one position."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from domain.project.state import Project
from domain.task.state import TASK, Task
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.event_store.store import PostgresEventStore
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from infra.postgres.views.waiting import ViewWaiter
from projections.tasks import TASKS_VIEW

_LISTED_AT_ONCE: Final = 512
_READ_AT_ONCE: Final = 64

_COUNT: Final = """
SELECT count(*) FROM {tasks_tasks} AS t
WHERE t.workspace_id = %(workspace)s AND t.project_id = %(project)s
"""
_NEXT: Final = """
SELECT t.task_id, t.number FROM {tasks_tasks} AS t
WHERE t.workspace_id = %(workspace)s AND t.project_key = %(key)s AND t.number > %(after)s
    AND t.project_id = %(project)s
ORDER BY t.number LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class History:
    """A task as it is, and what made it so, in order."""

    task: Task
    events: Sequence[Recorded]


class Histories:
    """Which tasks there are the view says, everything else the log. In memory is what a few dozen
    tasks have been through."""

    def __init__(
        self, pool: Pool, pointers: Pointers, waiter: ViewWaiter, store: PostgresEventStore
    ) -> None:
        self._reader = ViewReader(pool, pointers, TASKS_VIEW)
        self._waiter = waiter
        self._store = store

    async def count(self, project: Project) -> int:
        """How many tasks about: those in the trash too."""
        params = {"workspace": project.workspace_id, "project": project.project_id}
        rows = await self._reader.fetch((project.workspace_id,), _COUNT, params)
        count: int = rows[0][0]
        return count

    async def of(self, project: Project, upto: int) -> AsyncIterator[History]:
        """Those that were in the project at the position `upto`, in the order of their keys, those
        in the trash too. Whether the asker may see the project is for the caller to say.

        Raises Refused(VIEW_BEHIND) where the view does not get there in time.
        """
        await self._waiter.reached(TASKS_VIEW, upto)
        after = 0
        while page := await self._next(project, after):
            after = page[-1][1]
            ids = [task_id for task_id, _ in page]
            for first in range(0, len(ids), _READ_AT_ONCE):
                read = (self.one(each, upto) for each in ids[first : first + _READ_AT_ONCE])
                for history in await asyncio.gather(*read):
                    if history is not None and history.task.project_id == project.project_id:
                        yield history

    async def _next(self, project: Project, after: int) -> list[tuple[str, int]]:
        params = {
            "workspace": project.workspace_id,
            "project": project.project_id,
            "key": project.key,
            "after": after,
            "most": _LISTED_AT_ONCE,
        }
        rows = await self._reader.fetch((project.workspace_id,), _NEXT, params)
        return [(task_id, number) for task_id, number in rows]

    async def one(self, task_id: str, upto: int) -> History | None:
        """That of one task; None where it was not there yet."""
        events = [each for each in await self._store.read_stream(task_id) if each.position <= upto]
        task = TASK.fold((each.event, each.stamp) for each in events)
        return None if task is None else History(task, events)
