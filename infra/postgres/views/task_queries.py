"""Questions to the view of tasks: one by id, one by key, lists by any filter in any order."""

from collections.abc import Sequence
from dataclasses import replace

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.intervals import INTERVALS_VIEW
from projections.query.conditions import asks_the_past, asks_words
from projections.questions import Listing, Page, Scope
from projections.search import SEARCH_VIEW
from projections.task_answers import NO_PROGRESS, Facts, Progress
from projections.task_questions import Sort, TaskFilter
from projections.tasks import TASKS_VIEW

from .history_hits import past_hits
from .lists import ListQuery, read_page
from .pointers import Pointers
from .reader import Asked, Asking, Parameters, Question, Reader, ViewReader
from .scopes import visible
from .task_conditions import conditions, task_table
from .task_hits import NO_HITS, TaskHits, task_hits
from .task_orders import order_of


@dataclass(frozen=True, slots=True)
class TaskRead:
    """What is known of one task. `doc` and what goes with it is the view's, None where the view
    does not have the task; `head_version` is the log's own, so that an answer that is behind
    can be told and folded instead; `access_position` is where the workspace's guard of who may
    see what was touched last. `position` is the view's."""

    task_id: str
    workspace_id: str
    project_id: str | None
    trashed: bool
    version: int
    doc: bytes | None
    facts: Facts
    head_version: int
    access_position: int
    position: int

    @property
    def fresh(self) -> bool:
        """Whether the view has all that the log has of this task's own stream."""
        return self.doc is not None and self.version >= self.head_version


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task with a given key stands."""

    task_id: str
    workspace_id: str
    project_id: str


_FACTS_COLUMNS = """t.comment_count, t.status_category, t.progress_done, t.progress_total"""

_ONE = f"""
SELECT t.workspace_id, t.project_id, t.trashed, t.version, t.doc, h.workspace_id, h.version,
    g.position, {{position}}, {_FACTS_COLUMNS}
FROM (SELECT) AS one
LEFT JOIN log.stream_heads AS h ON h.stream = k.p0
LEFT JOIN {{tasks_tasks}} AS t ON t.task_id = k.p0
LEFT JOIN log.guards AS g ON g.name = 'access:' || h.workspace_id
"""

_FACTS = f"""
SELECT {_FACTS_COLUMNS}
FROM (SELECT) AS one
LEFT JOIN {{tasks_tasks}} AS t ON t.task_id = k.p0 AND t.workspace_id = k.p1
"""

# A key is never given twice, so a task has it or had it.
_BY_KEY = """
SELECT array_agg(t.task_id ORDER BY t.task_id), array_agg(t.workspace_id ORDER BY t.task_id),
    array_agg(t.project_id ORDER BY t.task_id)
FROM (
    SELECT n.task_id, n.workspace_id, n.project_id FROM {tasks_tasks} AS n
    WHERE n.workspace_id = ANY(k.p0::text[]) AND n.project_key = k.p1 AND n.number = k.p2
    UNION ALL
    SELECT n.task_id, n.workspace_id, n.project_id FROM {tasks_former_keys} AS f
    JOIN {tasks_tasks} AS n ON n.task_id = f.task_id
    WHERE f.workspace_id = ANY(k.p0::text[]) AND f.project_key = k.p1 AND f.number = k.p2
) AS t
"""


class TaskQueries(Asking):
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._present = ViewReader(pool, pointers, TASKS_VIEW)
        self._reader: Reader = self._present
        self._with_past = ViewReader(pool, pointers, TASKS_VIEW, (INTERVALS_VIEW,))
        self._with_words = ViewReader(pool, pointers, TASKS_VIEW, (SEARCH_VIEW,))
        self._with_both = ViewReader(pool, pointers, TASKS_VIEW, (INTERVALS_VIEW, SEARCH_VIEW))
        self._log_id = log_id

    async def get(self, workspaces: Sequence[str], task_id: str) -> TaskRead | None:
        """A task of one of these workspaces, else None. Whether the asker may see its project
        is for the door to say."""
        question = Question(_ONE, ("text",), (task_id,), tuple(workspaces))
        (
            workspace_id,
            project_id,
            trashed,
            version,
            doc,
            home,
            head_version,
            access_position,
            position,
            *facts,
        ) = await self._reader.ask(question)
        if home is None or home not in workspaces or workspace_id not in (None, home):
            return None
        return TaskRead(
            task_id=task_id,
            workspace_id=home,
            project_id=project_id,
            trashed=bool(trashed),
            version=version or 0,
            doc=None if doc is None else bytes(doc),
            facts=_facts(*facts),
            head_version=head_version,
            access_position=access_position or 0,
            position=position or 0,
        )

    def facts(self, workspace_id: str, task_id: str) -> Asked[Facts]:
        """What the view has now of other streams about a task of this workspace; nothing where it
        has no such task."""
        question = Question(_FACTS, ("text", "text"), (task_id, workspace_id), (workspace_id,))
        return Asked(self._present.asked(question), _facts)

    async def find(self, workspaces: Sequence[str], key: str) -> list[TaskPlace]:
        """The tasks that have this key, such as WEB-42, or had it, in these workspaces: none, one,
        or one in each of several."""
        project_key, _, digits = key.upper().rpartition("-")
        if not project_key or not digits.isdecimal() or len(digits) > 18 or not digits.isascii():
            return []
        params = Parameters()
        params.add("text[]", workspaces)
        params.add("text", project_key)
        params.add("bigint", int(digits))
        found = await self._reader.ask(
            Question(_BY_KEY, tuple(params.kinds), tuple(params.values), tuple(workspaces))
        )
        return [TaskPlace(*place) for place in zip(*(each or () for each in found), strict=True)]

    async def list(
        self, scope: Scope, asked: TaskFilter, sort: Sort | None = None, page: Page | None = None
    ) -> Listing:
        """A page of the tasks that the scope shows. Raises as `read_page`."""
        page = page or Page()
        params = Parameters()
        found = await self._hits(scope, asked)
        sort = sort or Sort()
        query = ListQuery(
            table=task_table(asked, sort),
            id_column="t.task_id",
            doc="t.doc",
            params=params,
            visible=visible(scope, params),
            conditions=conditions(asked, params, found.hits, words_met=found.words_met),
            order=order_of(sort, params),
        )
        listing = await self.page_of(scope, asked, query, page, found.position)
        return replace(listing, parked=True) if found.parked else listing

    async def page_of(
        self, scope: Scope, asked: TaskFilter, query: ListQuery, page: Page, seen: int | None = None
    ) -> Listing:
        """A page of a query that has the conditions of the filter, no further than `seen`."""
        reader = self._reading(asked)
        positions = [] if seen is None else [seen]
        if asks_the_past(asked.where):
            past = await past_hits(self._with_past, scope, asked.where)
            if past.hits is not None:
                query.table = _only(query.table, query.params.add("text[]", past.hits))
            if past.position is not None:
                positions.append(past.position)
        if reader is not self._reader:
            query.position = "{least_position}"
        listing = await read_page(reader, self._log_id, scope.tenants, query, page)
        return as_of(listing, min(positions)) if positions else listing

    async def ids(self, scope: Scope, asked: TaskFilter, at_most: int) -> Sequence[str] | None:
        """All tasks that the scope shows and the filter finds; None where they are more."""
        params = Parameters()
        found = await self._hits(scope, asked)
        asks = conditions(asked, params, found.hits, words_met=found.words_met)
        where = " AND ".join([visible(scope, params), *asks])
        limit = params.add("integer", at_most)
        sql = (
            f"SELECT array(SELECT t.task_id FROM {task_table(asked)} AS t WHERE {where}"
            f" LIMIT {limit} + 1)"
        )
        question = Question(sql, tuple(params.kinds), tuple(params.values), scope.tenants, 1)
        (task_ids,) = await self._reading(asked).ask(question)
        return task_ids if len(task_ids) <= at_most else None

    async def _hits(self, scope: Scope, asked: TaskFilter) -> TaskHits:
        if not self._reader.indexed:
            return NO_HITS
        return await task_hits(self._present, self._with_words, scope, asked)

    def _reading(self, asked: TaskFilter) -> Reader:
        """What reads all that the filter asks, in one statement. The past has words of its own."""
        if not self._reader.indexed:
            return self._reader
        if asks_the_past(asked.where):
            return self._with_both if asks_words(asked) else self._with_past
        return self._with_words if asks_words(asked) else self._present


def _only(table: str, task_ids: str) -> str:
    """The rows of these tasks, looked up one by one: a planner that does not see how many they are
    may go through all tasks in the order of the list instead."""
    return (
        f"(SELECT t.* FROM unnest({task_ids}) AS h(task_id)"
        f" CROSS JOIN LATERAL (SELECT t.* FROM {table} AS t"
        " WHERE t.task_id = h.task_id OFFSET 0) AS t)"
    )


def _facts(
    comment_count: int | None,
    status_category: str | None,
    done: int | None,
    total: int | None,
) -> Facts:
    """All None: the view does not have the task."""
    return Facts(
        comment_count or 0,
        status_category,
        Progress(done or 0, total) if total else NO_PROGRESS,
    )


def as_of(listing: Listing, position: int) -> Listing:
    """A list shows no more than the hits that it was made from."""
    return listing.at(min(position, listing.position))
