"""Questions to the view of tasks: one by id, one by key, lists by any filter in any order."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.custom_fields import containing
from projections.intervals import INTERVALS_VIEW
from projections.query.conditions import asks_the_past
from projections.questions import Listing, Page, Scope
from projections.task_answers import NO_PROGRESS, Facts, Progress
from projections.task_questions import Sort, TaskFilter
from projections.tasks import TASKS_VIEW
from projections.terms import terms_query

from .history_hits import past_hits
from .lists import ListQuery, read_page
from .pointers import Pointers
from .reader import Asked, Asking, Parameters, Question, Reader, ViewReader
from .scopes import visible
from .tags import possible_tags
from .task_conditions import conditions, task_table
from .task_orders import order_of

# Fewer hits than this are looked up one by one; more are met soon enough on the way through the
# rows in their order.
MOST_HITS = 1_000


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


@dataclass(frozen=True, slots=True)
class _Hits:
    """Ids among which all tasks are that a filter finds (None: not known), whether all its words
    are met by those, and the view's position then (None: nothing was looked up). `parked`: whether
    the view left some stream alone then."""

    hits: Sequence[str] | None = None
    words_met: bool = False
    position: int | None = None
    parked: bool = False


_NO_HITS = _Hits()

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

_HITS = """
SELECT {position}, array(SELECT views.task_hits(%(relation)s, %(asked)s::tsquery, %(most)s)),
    {parked}
"""
_FIELD_HITS = """
SELECT {position},
    array(SELECT views.field_hits(%(relation)s, %(asked)s::text[]::jsonb[], %(most)s)),
    {parked}
"""


class TaskQueries(Asking):
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._present = ViewReader(pool, pointers, TASKS_VIEW)
        self._reader: Reader = self._present
        self._with_past = ViewReader(pool, pointers, TASKS_VIEW, (INTERVALS_VIEW,))
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
        if asks_the_past(asked.where):
            return await self._of_the_past(scope, asked, query, page, seen)
        listing = await read_page(self._reader, self._log_id, scope.tenants, query, page)
        return listing if seen is None else as_of(listing, seen)

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
        reader = self._with_past if asks_the_past(asked.where) else self._reader
        (task_ids,) = await reader.ask(question)
        return task_ids if len(task_ids) <= at_most else None

    async def _of_the_past(
        self, scope: Scope, asked: TaskFilter, query: ListQuery, page: Page, seen: int | None
    ) -> Listing:
        """As far as the view of intervals shows it as well."""
        past = await past_hits(self._with_past, scope, asked.where)
        if past.hits is not None:
            query.table = _only(query.table, query.params.add("text[]", past.hits))
        query.position = "{least_position}"
        listing = await read_page(self._with_past, self._log_id, scope.tenants, query, page)
        positions = [each for each in (seen, past.position) if each is not None]
        return as_of(listing, min(positions)) if positions else listing

    async def _hits(self, scope: Scope, asked: TaskFilter) -> "_Hits":
        """What the indexes of terms and of fields give, where they are asked and do not give more
        than is worth looking up."""
        if not self._reader.indexed:
            return _NO_HITS
        choices, any_of = possible_tags(asked)
        query = terms_query(
            asked.q,
            (),
            any_of,
            () if asked.unassigned else asked.assignee_ids,
            asked.project_ids,
            choices,
        )
        objects = [each for field in asked.fields if (each := containing(field)) is not None]
        found = []
        if query is not None:
            relation = await self._reader.relation("terms")
            found.append(await self._indexed(scope, _HITS, relation, query))
        if objects:
            relation = await self._reader.relation("fields")
            asks = (self._indexed(scope, _FIELD_HITS, relation, each) for each in objects)
            found += await asyncio.gather(*asks)
        if not found:
            return _NO_HITS
        whole = [hits for hits, _, _ in found if len(hits) <= MOST_HITS]
        words_met = query is not None and len(found[0][0]) <= MOST_HITS
        return _Hits(
            _in_all(whole),
            words_met,
            min(position for _, position, _ in found),
            any(parked for _, _, parked in found),
        )

    async def _indexed(
        self, scope: Scope, sql: str, relation: str, asked: object
    ) -> tuple[Sequence[str], int, bool]:
        """Some hits of an index, one more than `MOST_HITS` where there are too many; the view's
        position, and whether it leaves some stream alone."""
        params = {"relation": relation, "asked": asked, "most": MOST_HITS + 1}
        rows = await self._reader.fetch(scope.tenants, sql, params)
        position, hits, parked = rows[0]
        return hits, position or 0, parked


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


def _in_all(found: Sequence[Sequence[str]]) -> Sequence[str] | None:
    """What stands in each of them; None where there is none."""
    if not found:
        return None
    first, *rest = sorted(found, key=len)
    others = [frozenset(each) for each in rest]
    return [each for each in first if all(each in other for other in others)]


def as_of(listing: Listing, position: int) -> Listing:
    """A list shows no more than the hits that it was made from."""
    return listing.at(min(position, listing.position))
