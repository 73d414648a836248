"""Questions to the view of tasks that count: a project's tasks by status, assignee and label."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.tasks import TASKS_VIEW

from .pointers import Pointers
from .reader import Asking, Question, Reader, ViewReader

# Labels beyond so many, the rarest ones, are left out.
MOST_LABELS: Final = 1_000

NOBODY: Final = "none"

# The counts of many projects at once would keep each other waiting.
_TOGETHER: Final = 4

# The rows are read once; everything is counted over what is left of them.
_COUNTS = """
SELECT c.totals, c.standing, c.people, c.labels, {position}, {parked}
FROM (SELECT) AS one
CROSS JOIN LATERAL (
    WITH own AS MATERIALIZED (
        SELECT t.status, t.status_category AS category, t.assignee_ids, t.tags, t.due_date
        FROM {tasks_tasks} AS t
        WHERE t.project_id = k.p0 AND NOT t.trashed
    )
    SELECT
        (SELECT ARRAY[
            count(*),
            count(*) FILTER (WHERE category = 'done'),
            count(*) FILTER (WHERE category = 'in_progress'),
            count(*) FILTER (
                WHERE category IN ('todo', 'in_progress') AND due_date < k.p1
            )
        ] FROM own) AS totals,
        (SELECT jsonb_object_agg(s.status, coalesce(g.n, 0)) FROM {tasks_statuses} AS s
            LEFT JOIN (SELECT status, count(*) AS n FROM own GROUP BY status) AS g USING (status)
            WHERE s.project_id = k.p0) AS standing,
        (SELECT jsonb_object_agg(g.who, g.n) FROM (
            SELECT coalesce(a.who, k.p2) AS who, count(*) AS n
            FROM own LEFT JOIN LATERAL unnest(own.assignee_ids) AS a(who) ON true
            GROUP BY 1
        ) AS g) AS people,
        (SELECT jsonb_object_agg(g.label, g.n) FROM (
            SELECT a.label, count(*) AS n
            FROM own CROSS JOIN LATERAL unnest(own.tags) AS a(label)
            GROUP BY a.label ORDER BY n DESC, a.label LIMIT k.p3
        ) AS g) AS labels
) AS c
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCounts:
    """What stands in a project, trashed tasks left out. `by_status` has every status of its
    workflow, `by_assignee` NOBODY for tasks without one; a task of two people counts for each."""

    total: int
    completed: int
    in_progress: int
    overdue: int
    by_status: Mapping[str, int]
    by_assignee: Mapping[str, int]
    by_label: Mapping[str, int]
    position: int
    stale: tuple[str, ...] = ()


class StatsQueries(Asking):
    def __init__(self, pool: Pool, pointers: Pointers) -> None:
        self._reader: Reader = ViewReader(pool, pointers, TASKS_VIEW)

    async def of_project(self, workspace_id: str, project_id: str, now: datetime) -> ProjectCounts:
        """The counts of a project of this workspace; zeros where it has no such. What is overdue
        is so at `now`. Who may see the project is for the door to say."""
        question = Question(
            _COUNTS,
            ("text", "timestamptz", "text", "integer"),
            (project_id, now, NOBODY, MOST_LABELS),
            (workspace_id,),
            together=_TOGETHER,
        )
        totals, standing, people, labels, position, parked = await self._reader.ask(question)
        total, completed, in_progress, overdue = totals
        return ProjectCounts(
            total=total,
            completed=completed,
            in_progress=in_progress,
            overdue=overdue,
            by_status=standing or {},
            by_assignee=people or {},
            by_label=labels or {},
            position=position or 0,
            stale=await self._reader.stale((workspace_id,)) if parked else (),
        )
