"""All projects of a workspace as one object-centric event log, with what happened in a period."""

from collections.abc import AsyncIterator
from typing import Final

from commands.states import States
from domain.project.state import PROJECT, Project
from infra.exports.histories import Histories
from infra.exports.ocel import Told, ocel
from infra.exports.people import Names
from infra.postgres.pool import Pool
from infra.postgres.views.directory import Directory
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from infra.postgres.views.waiting import ViewWaiter
from projections.projects import PROJECTS_VIEW

_AT_ONCE: Final = 500
_NEXT: Final = """
SELECT t.project_id FROM {projects_projects} AS t
WHERE t.workspace_id = %(workspace)s AND t.project_id > %(after)s
ORDER BY t.project_id LIMIT %(most)s
"""


class WorkspaceOcel:
    """Which projects there are the view says, everything else the log."""

    def __init__(
        self,
        pool: Pool,
        pointers: Pointers,
        waiter: ViewWaiter,
        states: States,
        histories: Histories,
        directory: Directory,
    ) -> None:
        self._reader = ViewReader(pool, pointers, PROJECTS_VIEW)
        self._waiter = waiter
        self._states = states
        self._histories = histories
        self._directory = directory

    async def pieces(
        self, workspace_id: str, after: int, upto: int, told: Told
    ) -> AsyncIterator[bytes]:
        """The file. Events stand after the one position, and not after the other. Whether all of
        it may be seen is for the caller to say. Raises Refused(VIEW_BEHIND)."""
        await self._waiter.reached(PROJECTS_VIEW, upto)
        projects = [each async for each in self._projects(workspace_id)]
        sources = [(each, self._histories.of(each, upto)) for each in projects]
        names = Names(self._directory, self._states)
        async for piece in ocel(sources, names, told, after=after, upto=upto):
            yield piece

    async def _projects(self, workspace_id: str) -> AsyncIterator[Project]:
        after = ""
        while True:
            params = {"workspace": workspace_id, "after": after, "most": _AT_ONCE}
            found = await self._reader.fetch((workspace_id,), _NEXT, params)
            for (project_id,) in found:
                project = await self._states.read(PROJECT, project_id)
                if project is not None:
                    yield project
            if len(found) < _AT_ONCE:
                return
            after = found[-1][0]
