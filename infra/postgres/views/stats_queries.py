"""Questions to the view of tasks that count: a project's tasks by status, assignee and label."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.tasks import TASKS_VIEW

from .pointers import Pointers
from .reader import Asking, Parameters, Question, Reader, ViewReader

# Labels beyond so many, the rarest ones, are left out.
MOST_LABELS: Final = 1_000

NOBODY: Final = "none"

# The counts of many projects at once would keep each other waiting.
_TOGETHER: Final = 4

# A label for each tag, as tasks hold them.
_HELD: Final = "unnest(own.tags) AS a(label)"
# As they are shown: several tags of a task may be one label, and that of a deleted one is none.
_SHOWN: Final = """(
                SELECT DISTINCT CASE WHEN m.tag IS NULL THEN u.tag ELSE nullif(m.name, '') END
                FROM unnest(own.tags) AS u(tag)
                LEFT JOIN unnest(k.p4::text[], k.p5::text[]) AS m(tag, name) ON m.tag = u.tag
            ) AS a(label)"""


def _counts(labels: str) -> str:
    """The rows are read once; everything is counted over what is left of them."""
    return f"""
SELECT c.totals, c.standing, c.people, c.labels, {{position}}, {{parked}}
FROM (SELECT) AS one
CROSS JOIN LATERAL (
    WITH own AS MATERIALIZED (
        SELECT t.status, t.status_category AS category, t.assignee_ids, t.tags, t.due_date
        FROM {{tasks_tasks}} AS t
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
        (SELECT jsonb_object_agg(s.status, coalesce(g.n, 0)) FROM {{tasks_statuses}} AS s
            LEFT JOIN (SELECT status, count(*) AS n FROM own GROUP BY status) AS g USING (status)
            WHERE s.project_id = k.p0) AS standing,
        (SELECT jsonb_object_agg(g.who, g.n) FROM (
            SELECT coalesce(a.who, k.p2) AS who, count(*) AS n
            FROM own LEFT JOIN LATERAL unnest(own.assignee_ids) AS a(who) ON true
            GROUP BY 1
        ) AS g) AS people,
        (SELECT jsonb_object_agg(g.label, g.n) FROM (
            SELECT a.label, count(*) AS n
            FROM own CROSS JOIN LATERAL {labels}
            WHERE a.label IS NOT NULL
            GROUP BY a.label ORDER BY n DESC, a.label LIMIT k.p3
        ) AS g) AS labels
) AS c
"""


_COUNTS: Final = _counts(_HELD)
_COUNTS_AS_SHOWN: Final = _counts(_SHOWN)


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

    async def of_project(
        self,
        workspace_id: str,
        project_id: str,
        now: datetime,
        shown: Mapping[str, str | None] | None = None,
    ) -> ProjectCounts:
        """The counts of a project of this workspace; zeros where it has no such. What is overdue
        is so at `now`. `shown`: tags that are not shown as they are, as
        `domain.labels.state.shown_otherwise`. Who may see the project is for the door to say."""
        params = Parameters()
        params.add("text", project_id)
        params.add("timestamptz", now)
        params.add("text", NOBODY)
        params.add("integer", MOST_LABELS)
        if shown:
            params.add("text[]", list(shown))
            params.add("text[]", [name or "" for name in shown.values()])
        question = Question(
            _COUNTS_AS_SHOWN if shown else _COUNTS,
            tuple(params.kinds),
            tuple(params.values),
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
