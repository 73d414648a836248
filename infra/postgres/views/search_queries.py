"""Searching: tasks that an index of words gives, as the view of tasks shows them to the asker."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from infra.postgres.pool import Pool
from projections.highlights import Highlighter
from projections.questions import Listing, Page, Scope
from projections.search import SEARCH_VIEW
from projections.search_query import AskedText
from projections.search_questions import (
    MOST_HITS,
    NOTHING_SAID,
    Hits,
    IndexAway,
    Searched,
    SearchIndex,
    TaskFound,
)
from projections.search_texts import texts_of
from projections.task_questions import Sort, TaskFilter

from .cursors import CursorCodec, Float
from .lists import ListQuery, Order
from .pointers import Pointers
from .reader import Parameters, ViewReader
from .scopes import visible
from .search_index import BACKEND, PostgresSearchIndex
from .task_conditions import conditions, task_table
from .task_orders import order_of
from .task_queries import TaskQueries, as_of

_TEXTS = "SELECT t.task_id, t.state FROM {search_docs} AS t WHERE t.task_id = ANY(%s)"
_MOST_AMONG: Final = 10_000
# A page is made from the best of many hits: so many pages of them, since some may not be there to
# be seen.
_PAGES_OF_BEST: Final = 2


class _Id(msgspec.Struct):
    id: str


_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_id = msgspec.json.Decoder(_Id).decode


class SearchQueries:
    """`index` is asked first; PostgreSQL where there is none, or it is away."""

    def __init__(
        self,
        pool: Pool,
        pointers: Pointers,
        tasks: TaskQueries,
        index: SearchIndex | None = None,
    ) -> None:
        self._texts = ViewReader(pool, pointers, SEARCH_VIEW)
        self._own = PostgresSearchIndex(pool, pointers)
        self._index = index
        self._tasks = tasks

    async def page(
        self,
        scope: Scope,
        text: AskedText | None,
        asked: TaskFilter,
        sort: Sort | None = None,
        page: Page | None = None,
        position: int | None = None,
    ) -> Searched:
        """A page of the tasks that the scope shows, that meet the text and pass the filter; by
        relevance without a `sort`. Where nothing is found at all, words of the vocabulary that
        are spelt alike are taken for those of the text. Raises as `read_page`."""
        page = replace(page or Page(), total=True)
        if text is None:
            listing = await self._tasks.list(scope, asked, sort, page)
            return Searched(listing, [NOTHING_SAID] * listing.count, True, BACKEND)
        if self._index is not None:
            try:
                return await self._found(self._index, scope, text, asked, sort, page, position)
            except IndexAway:
                pass
        return await self._found(self._own, scope, text, asked, sort, page, position)

    async def _found(
        self,
        index: SearchIndex,
        scope: Scope,
        text: AskedText,
        asked: TaskFilter,
        sort: Sort | None,
        page: Page,
        position: int | None,
    ) -> Searched:
        hits, listing = await self._round(index, scope, text, asked, sort, page, position)
        if listing.total == 0:
            spelt = await self._own.spelt(scope, text.words)
            if any(spelt.values()):
                text = text.also(lambda word: spelt.get(word, ()))
                hits, listing = await self._round(index, scope, text, asked, sort, page, position)
        found = await self._said(scope, text, hits, listing)
        if not hits.whole:
            listing = replace(listing, total=_at_least(asked, listing), total_is_exact=False)
        return Searched(as_of(listing, hits.position), found, hits.whole, hits.backend)

    async def _round(
        self,
        index: SearchIndex,
        scope: Scope,
        text: AskedText,
        asked: TaskFilter,
        sort: Sort | None,
        page: Page,
        position: int | None,
    ) -> tuple[Hits, Listing]:
        projects = asked.project_ids
        hits = await index.hits(scope, text, project_ids=projects, position=position)
        if not hits.whole and not _is_open(asked):
            # The filter may leave all of these out, and let others pass.
            among = await self._tasks.ids(scope, asked, _MOST_AMONG)
            if among is not None:
                hits = await index.hits(scope, text, among=among, position=position)
        if sort is None and _is_open(asked) and _is_first(page):
            best = hits.best(_PAGES_OF_BEST * page.limit)
            listing = await self._listing(best, hits, scope, asked, sort, page)
            if listing.has_more or best is hits:
                return hits, listing
        return hits, await self._listing(hits, hits, scope, asked, sort, page)

    async def _listing(
        self, hits: Hits, counted: Hits, scope: Scope, asked: TaskFilter, sort: Sort | None,
        page: Page,
    ) -> Listing:  # fmt: skip
        """A page of these tasks as the view of tasks shows them, with the total of `counted`."""
        params = Parameters()
        tasks = task_table(asked, sort)
        query = ListQuery(
            table=_joined(hits, tasks, params),
            id_column="t.task_id",
            doc="t.doc",
            params=params,
            visible=visible(scope, params),
            conditions=conditions(asked, params),
            order=_relevance(hits.backend) if sort is None else order_of(sort, params),
            counted=None if counted is hits else _joined(counted, tasks, params, scored=False),
        )
        return await self._tasks.page_of(scope, asked, query, page)

    async def _said(
        self, scope: Scope, text: AskedText, hits: Hits, listing: Listing
    ) -> Sequence[TaskFound]:
        """Of each task on the page, in its order."""
        if not listing.count:
            return ()
        task_ids = ids_in(listing.docs)
        rows = await self._texts.fetch(scope.tenants, _TEXTS, (task_ids,))
        texts = {task_id: texts_of(state) for task_id, state in rows if state is not None}
        scores = dict(zip(hits.task_ids, hits.scores, strict=True))
        highlighter = Highlighter(text)
        found = []
        for task_id in task_ids:
            of = texts.get(task_id)
            score = scores.get(task_id)
            if of is None or score is None:
                found.append(TaskFound(score, None, None, None, ()))
            else:
                found.append(highlighter.of(score, of.title, of.description, of.said))
        return found


def _joined(hits: Hits, tasks: str, params: Parameters, *, scored: bool = True) -> str:
    ids = params.add("text[]", hits.task_ids)
    if not scored:
        return (
            f"(SELECT t.* FROM unnest({ids}) AS h(task_id)"
            f" JOIN {tasks} AS t ON t.task_id = h.task_id)"
        )
    scores = params.add("double precision[]", hits.scores)
    return (
        f"(SELECT t.*, h.score FROM unnest({ids}, {scores}) AS h(task_id, score)"
        f" JOIN {tasks} AS t ON t.task_id = h.task_id)"
    )


def _is_first(page: Page) -> bool:
    return page.cursor is None and page.after_id is None and not page.skip


def _is_open(asked: TaskFilter) -> bool:
    """Whether a filter asks for nothing but projects, which the index knows itself."""
    return asked == TaskFilter(project_ids=asked.project_ids, now=asked.now)


def _at_least(asked: TaskFilter, listing: Listing) -> int:
    """How many there are, where not all were looked at."""
    return MOST_HITS if _is_open(asked) else listing.total or 0


def ids_in(docs: bytes) -> list[str]:
    """Of the tasks whose answers these are."""
    return [_id(raw).id for raw in _raws(b"[%b]" % docs)]


def _relevance(backend: str) -> Order:
    """The best first, of equally good ones the last made. Scores of two indexes have nothing in
    common, nor have their cursors."""
    return _ORDERS[backend]


def _order_of(backend: str) -> Order:
    return Order(
        (("t.score", "double precision"), ("t.task_id", "text")),
        True,
        CursorCodec(f"search:{backend}", Float, str),
    )


_ORDERS: Final = {backend: _order_of(backend) for backend in ("postgresql", "opensearch")}
