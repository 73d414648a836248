"""Where in the log a workspace's events are that an asker may see: the view of activity knows.

The log has no index by workspace, which every append would pay for. This view has a row for every
event that the feed tells, so what stands next is a walk along its index, for guests too.
"""

from collections.abc import Collection, Mapping

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.activity import ACTIVITY_VIEW, ActivityFilter
from projections.questions import Scope

from .feed_paths import Walk, next_rows
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader

_CAP = 2_001

_PROJECTS = "SELECT task_id, project_id FROM {activity_subjects} WHERE task_id = ANY(%s)"
# Of those who wait, whose workspace has something beyond where they are.
_MOVED = """
SELECT w.workspace_id, e.position FROM unnest(%s::text[], %s::bigint[]) AS w(workspace_id, past)
CROSS JOIN LATERAL (
    SELECT e.position FROM {activity_entries} AS e
    WHERE e.workspace_id = w.workspace_id AND e.position > w.past ORDER BY e.position DESC LIMIT 1
) AS e
"""


@dataclass(frozen=True, slots=True)
class Places:
    """`positions` in order, each with whether the asker may see what it is about, or only that it
    left. The view is at `position`, the log at `head`, and what can be told ends at `upto`, which
    is just before the first event of a stream that the view has given up where it is `parked`.
    `are_all`: there is nothing else up to there."""

    positions: tuple[tuple[int, bool], ...]
    are_all: bool
    upto: int
    position: int
    head: int
    parked: bool


class ChangeQueries:
    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader = ViewReader(pool, pointers, ACTIVITY_VIEW)

    async def after(self, scope: Scope, workspace_id: str, position: int, most: int) -> Places:
        """The next places of events after a position: of `most` rows of the view, of which an
        event may have several."""
        params = Parameters()
        past = params.add("bigint", position)
        limit = params.add("integer", most)
        walk = Walk(
            descending=False,
            bounds=(f"t.position > {past}", "t.position <= u.upto"),
            most=limit,
            cap=_CAP,
            noticed=False,
        )
        found = next_rows(scope, ActivityFilter(workspace_id=workspace_id), walk, params)
        sql = (
            "SELECT r.*, u.upto, u.here, (SELECT position FROM log.head), u.parked"
            " FROM (SELECT coalesce(least(p.here, p.parked - 1), 0) AS upto,"
            " coalesce(p.here, 0) AS here, p.parked IS NOT NULL AS parked"
            " FROM (SELECT {position} AS here, {parked_from} AS parked) AS p) AS u"
            " CROSS JOIN LATERAL (SELECT array_agg(f.position ORDER BY f.position, f.ordinal),"
            " array_agg(e.task_id IS NOT NULL ORDER BY f.position, f.ordinal)"
            f" FROM ({found}) AS f JOIN {{activity_entries}} AS e"
            " USING (workspace_id, position, ordinal)) AS r"
        )
        row = await self._reader.ask(
            Question(sql, tuple(params.kinds), tuple(params.values), scope.tenants)
        )
        positions, of_tasks, upto, here, head, parked = row
        seen: dict[int, bool] = {}
        for each, of_task in zip(positions or (), of_tasks or (), strict=True):
            seen[each] = seen.get(each, False) or of_task
        are_all = len(positions or ()) < most
        return Places(tuple(seen.items()), are_all, upto, here, head, parked)

    async def projects(self, scope: Scope, task_ids: Collection[str]) -> Mapping[str, str]:
        """Where these tasks are, those left out that the view does not have."""
        rows = await self._reader.fetch(scope.tenants, _PROJECTS, (sorted(task_ids),))
        return dict(rows)

    async def moved(self, waiting: Mapping[str, int]) -> Mapping[str, int]:
        """Of these workspaces those that have a row after the given position, with their last."""
        workspaces = sorted(waiting)
        past = [waiting[each] for each in workspaces]
        return dict(await self._reader.fetch(workspaces, _MOVED, (workspaces, past)))

    async def parked(self, scope: Scope) -> tuple[str, ...]:
        """The streams that the view has given up."""
        return await self._reader.stale(scope.tenants)
