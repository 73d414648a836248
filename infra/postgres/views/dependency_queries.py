"""Questions about dependencies: those of a task, what lies before or behind it, a project's order.

They are asked of the view of tasks, whose rows tell who may see what is at the other end.
"""

from collections.abc import Collection, Sequence
from typing import Literal

from psycopg.rows import TupleRow

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.questions import Listing, Page, Scope
from projections.tasks import TASKS_VIEW

from .cursors import CursorCodec, Int64
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Asking, Parameters, Question, Reader, ViewReader
from .scopes import visible

# Tasks of one tree; what lies beyond them is left out, and the answer says so.
MOST_IN_TREE = 1_000

_OLDEST_FIRST = Order(
    (("t.added", "bigint"), ("t.dependency_id", "text")),
    False,
    CursorCodec("dependencies", Int64, str),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A task that somebody may see, found from the one `near`."""

    near: str
    task_id: str
    project_id: str
    key: str
    title: str | None
    status: str
    status_category: str


@dataclass(frozen=True, slots=True)
class Steps:
    steps: Sequence[Step]
    position: int


@dataclass(frozen=True, slots=True)
class ProjectEdges:
    """The tasks of a project by number, and all that blocks anything in its workspace; without
    what is in the trash, and what its reader may not see."""

    tasks: Sequence[str]
    blocks: Sequence[tuple[str, str]]
    position: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Of some tasks, `visible` are those that somebody may see and that are not in the trash, and
    `known` those that the view has at all."""

    visible: Collection[str]
    known: Collection[str]


_SEEN = """
SELECT array_agg(t.task_id) FILTER (WHERE {shown} AND NOT t.trashed), array_agg(t.task_id)
FROM {{tasks_tasks}} AS t
WHERE t.task_id = ANY({ids})
"""

# Of a task, its edges and what stands at their other ends.
_ENDS = """(
    SELECT e.dependency_id, e.added, e.doc, o.workspace_id, o.project_id
    FROM {{tasks_edges}} AS e
    JOIN {{tasks_tasks}} AS o ON NOT o.trashed AND o.task_id =
        CASE WHEN e.from_task_id = {task} THEN e.to_task_id ELSE e.from_task_id END
    WHERE e.from_task_id = {task} OR e.to_task_id = {task}
)"""

_STEPS = """
SELECT array_agg(s.near), array_agg(s.task_id), array_agg(s.project_id), array_agg(s.key),
    array_agg(s.title), array_agg(s.status), array_agg(s.status_category), {{position}}
FROM (
    SELECT e.{near} AS near, t.task_id, t.project_id, t.project_key || '-' || t.number AS key,
        convert_from(t.doc, 'UTF8')::json ->> 'title' AS title, t.status, t.status_category
    FROM {{tasks_edges}} AS e
    JOIN {{tasks_tasks}} AS t ON t.task_id = e.{far}
    WHERE e.{near} = ANY({tasks}) AND e.type = 'blocks' AND NOT t.trashed AND {shown}
    ORDER BY e.added
    LIMIT {most}
) AS s
"""

_START = """
SELECT t.project_id, t.project_key || '-' || t.number,
    convert_from(t.doc, 'UTF8')::json ->> 'title', t.status, t.status_category, {{position}}
FROM (SELECT) AS one
LEFT JOIN {{tasks_tasks}} AS t ON t.task_id = {task} AND {shown}
"""

_PROJECT = """
SELECT
    (SELECT array_agg(t.task_id ORDER BY t.number, t.task_id) FROM {{tasks_tasks}} AS t
        WHERE t.project_id = {project} AND NOT t.trashed AND {shown}),
    array_agg(e.from_task_id), array_agg(e.to_task_id), {{position}}
FROM (
    SELECT e.from_task_id, e.to_task_id
    FROM {{tasks_edges}} AS e
    WHERE e.workspace_id = {workspace} AND e.type = 'blocks'
        AND EXISTS (SELECT FROM {{tasks_tasks}} AS t
            WHERE t.task_id = e.from_task_id AND NOT t.trashed AND {shown})
        AND EXISTS (SELECT FROM {{tasks_tasks}} AS t
            WHERE t.task_id = e.to_task_id AND NOT t.trashed AND {shown})
) AS e
"""


class DependencyQueries(Asking):
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader: Reader = ViewReader(pool, pointers, TASKS_VIEW)
        self._log_id = log_id

    async def seen(self, scope: Scope, task_ids: Collection[str]) -> Seen:
        """Which of these tasks the scope shows."""
        params = Parameters()
        sql = _SEEN.format(shown=visible(scope, params), ids=params.add("text[]", sorted(task_ids)))
        shown, known = await self._ask(sql, params, scope)
        return Seen(frozenset(shown or ()), frozenset(known or ()))

    async def list(self, scope: Scope, task_id: str, page: Page | None = None) -> Listing:
        """A page of a task's dependencies whose other end the scope shows, the oldest first.

        Raises as `read_page`.
        """
        params = Parameters()
        query = ListQuery(
            table=_ENDS.format(task=params.add("text", task_id)),
            id_column="t.dependency_id",
            doc="t.doc",
            params=params,
            visible=visible(scope, params),
            conditions=[],
            order=_OLDEST_FIRST,
        )
        return await read_page(self._reader, self._log_id, scope.tenants, query, page or Page())

    async def start(self, scope: Scope, task_id: str) -> Steps:
        """The task itself, `near` itself; no step where the scope does not show it."""
        params = Parameters()
        sql = _START.format(task=params.add("text", task_id), shown=visible(scope, params))
        *columns, position = await self._ask(sql, params, scope)
        steps = () if columns[0] is None else (Step(task_id, task_id, *columns),)
        return Steps(steps, position or 0)

    async def steps(
        self, scope: Scope, task_ids: Sequence[str], direction: Literal["up", "down"], most: int
    ) -> Steps:
        """What lies one step before (`up`) or behind (`down`) any of these tasks."""
        near, far = ("from_task_id", "to_task_id")[:: 1 if direction == "down" else -1]
        params = Parameters()
        sql = _STEPS.format(
            near=near,
            far=far,
            tasks=params.add("text[]", task_ids),
            shown=visible(scope, params),
            most=params.add("integer", most),
        )
        *columns, position = await self._ask(sql, params, scope)
        found = zip(*(each or () for each in columns), strict=True)
        return Steps([Step(*each) for each in found], position or 0)

    async def of_project(self, scope: Scope, workspace_id: str, project_id: str) -> ProjectEdges:
        """What an order of the project's tasks follows from."""
        params = Parameters()
        sql = _PROJECT.format(
            project=params.add("text", project_id),
            workspace=params.add("text", workspace_id),
            shown=visible(scope, params),
        )
        tasks, blockers, blocked, position = await self._ask(sql, params, scope)
        blocks = list(zip(blockers or (), blocked or (), strict=True))
        return ProjectEdges(tasks or (), blocks, position or 0)

    async def _ask(self, sql: str, params: Parameters, scope: Scope) -> TupleRow:
        kinds, values = tuple(params.kinds), tuple(params.values)
        return await self._reader.ask(Question(sql, kinds, values, scope.tenants))
