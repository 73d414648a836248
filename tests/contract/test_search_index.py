"""One suite for every index that searches can be asked of: the same questions, the same answers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from domain.comment.events import CommentDeleted
from domain.errors import Invalid
from domain.task.events import (
    TaskDescribed,
    TaskMovedToProject,
    TaskRestored,
    TaskRetitled,
    TaskTagged,
    TaskTrashed,
)
from domain.values.text import ERASED
from infra.opensearch import documents
from infra.opensearch import index as index_module
from infra.opensearch.client import open_client
from infra.opensearch.index import OpenSearchIndex
from infra.opensearch.indexer import Indexer
from infra.postgres.pool import open_pool
from infra.postgres.views import search_index, search_queries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.search_queries import SearchQueries
from infra.postgres.views.task_queries import TaskQueries
from infra.processes.sessions import Sessions
from projections.questions import Page, Scope
from projections.search import SEARCH_VIEW
from projections.search_query import AskedText, asked_text
from projections.search_questions import Searched
from projections.task_questions import Sort, SortBy, TaskFilter
from projections.tasks import TASKS_VIEW
from tests.infra.views.few_tasks import ask_the_index
from tests.infra.views.written import Written, opened
from tests.opensearch.server import OpenSearchServer
from tests.projections.history import History, made_id
from tests.real import Database

ADA, BOB = made_id("user", 1), made_id("user", 2)
WS1, WS2 = made_id("ws", 1), made_id("ws", 2)
WEB, OPS, FAR = (made_id("proj", number) for number in (1, 2, 3))
WHOLE = Scope(workspaces=(WS1,))


@dataclass
class Sought:
    """A past that is being written, the index over it, and questions to it."""

    past: History
    written: Written
    queries: SearchQueries
    backend: str
    level: Callable[[], Awaitable[None]]

    async def write(self) -> None:
        """Until the index shows all of the past."""
        await self.written.write(self.past)
        await self.level()

    async def page(
        self, q: str, scope: Scope = WHOLE, sort: Sort | None = None, page: Page | None = None,
        text: AskedText | None = None, **filters: Any,
    ) -> Searched:  # fmt: skip
        asked = text or asked_text(q, 30)
        found = await self.queries.page(
            scope, asked, TaskFilter(**filters), sort, page, self.past.position
        )
        assert found.backend == self.backend
        assert found.position == self.past.position
        return found

    async def find(self, q: str, scope: Scope = WHOLE, **filters: Any) -> list[int]:
        """The numbers of the tasks, the best first."""
        return numbers(await self.page(q, scope, **filters))


def numbers(found: Searched) -> list[int]:
    docs = json.loads(b"[%b]" % found.listing.docs)
    assert len(docs) == len(found.found)
    return [int(each["id"].removeprefix("task_")) for each in docs]


LOOKED_THROUGH, BY_THE_INDEX = "postgresql", "postgresql, by its index"


@pytest.fixture(params=[LOOKED_THROUGH, BY_THE_INDEX, "opensearch"])
async def sought(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Sought]:
    async with AsyncExitStack() as stack:
        written = await stack.enter_async_context(opened(database, [TASKS_VIEW, SEARCH_VIEW]))
        pool = await open_pool(database.api_url, max_size=4)
        stack.push_async_callback(pool.close)
        pointers = Pointers(pool)
        index = None

        async def level() -> None:
            pass

        if request.param == BY_THE_INDEX:
            ask_the_index(database)
        if request.param == "opensearch":
            server: OpenSearchServer = request.getfixturevalue("opensearch")
            index = OpenSearchIndex(server.url, pool, written.log_id)
            stack.push_async_callback(index.close)
            client = open_client(server.url, timeout_s=30)
            stack.push_async_callback(client.close)
            indexer = Indexer(server.url, Sessions(database.worker_url))

            async def level() -> None:
                while await indexer.step(written.connection, client, written.log_id):
                    pass

        tasks = TaskQueries(pool, pointers, written.log_id)
        queries = SearchQueries(pool, pointers, tasks, index)
        backend, _, _ = request.param.partition(",")
        yield Sought(a_past(), written, queries, backend, level)


def a_past() -> History:
    past = History()
    past.workspace(1)
    past.workspace(2, BOB)
    past.project(1, WS1, key="WEB")
    past.project(2, WS1, key="OPS")
    past.project(3, WS2, key="FAR", owner_id=BOB)
    return past


async def test_words_are_found_in_every_text_of_a_task(sought: Sought) -> None:
    past = sought.past
    past.task(1, WEB, title="Paint the kitchen", description="With a roller", tags=("urgent fix",))
    past.task(2, WEB, title="Something else")
    past.comment(1, made_id("task", 1), "Use the blue bucket")
    await sought.write()
    for q in ("kitchen", "ROLLER", "bucket", "urgent", "WEB-1", "web-1 paint", "roller kitchen"):
        assert await sought.find(q) == [1], q
    assert await sought.find("kitchen else") == []
    assert await sought.find("!!! ???") == []
    assert await sought.find("WEB-2") == [2]


async def test_english_is_stemmed_and_beginnings_and_phrases_are_found(sought: Sought) -> None:
    past = sought.past
    past.task(1, WEB, title="Running database migrations", description="of the engine room")
    past.task(2, WEB, title="Room of the engine", description="organization chart")
    await sought.write()
    assert await sought.find("run migration") == [1]
    assert await sought.find('"database migration"') == [1]
    assert await sought.find('"engine room"') == [1]
    assert await sought.find('"migrations of"') == [], "no phrase reaches into the next text"
    assert await sought.find("organ") == [2]
    assert await sought.find("organ* chart") == [2]
    assert await sought.find("organ chart") == [], "only the last word is a beginning"
    assert sorted(await sought.find("the engine")) == [1, 2]
    assert await sought.find("engine -chart") == [1]
    assert await sought.find('room -"engine room"') == [2]
    assert sorted(await sought.find("-nothing")) == [1, 2]


async def test_what_is_misspelt_is_found_where_nothing_else_is(sought: Sought) -> None:
    past = sought.past
    past.task(1, WEB, title="Authentication of the login form", description="database")
    past.task(2, WEB, title="Letters from home")
    await sought.write()
    assert await sought.find("authentcation") == [1]
    assert await sought.find("databse lgoin") == [1]
    assert await sought.find("form") == [1], "a word that is there is meant"
    assert await sought.find("zzzzzz") == []
    found = (await sought.page("databse")).found[0]
    assert found.highlight == "<em>database</em>"


async def test_text_without_spaces_is_found_by_its_pieces(sought: Sought) -> None:
    past = sought.past
    past.task(1, WEB, title="修复数据库连接错误", description="データベース")
    past.task(2, WEB, title="数学", description="데이터베이스 연결")
    await sought.write()
    assert await sought.find("数据库") == [1]
    assert await sought.find("据数") == []
    assert sorted(await sought.find("数")) == [1, 2]
    assert await sought.find("误") == [1]
    assert await sought.find("ベース") == [1]
    assert await sought.find("이터베") == [2]
    assert (await sought.page("数据库")).found[0].title == "修复<em>数据库</em>连接错误"


async def test_a_title_counts_more_and_relevance_is_the_order(sought: Sought) -> None:
    past = sought.past
    past.task(1, WEB, title="Other", description="about the invoice")
    past.task(2, WEB, title="Invoice", description="for something")
    past.task(3, WEB, title="Third")
    past.comment(1, made_id("task", 3), "invoice")
    await sought.write()
    found = await sought.page("invoice")
    assert numbers(found)[0] == 2
    scores = [each.score for each in found.found]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert scores[0] > 1.5 * scores[1]  # type: ignore[operator]
    by_title = await sought.page("invoice", sort=Sort(SortBy.TITLE, descending=False))
    assert numbers(by_title) == [2, 1, 3]


async def test_filters_hold_beside_the_text(sought: Sought) -> None:
    past = sought.past
    for number in range(1, 9):
        past.task(
            number,
            WEB if number % 2 else OPS,
            title="same words",
            status="todo" if number < 5 else "done",
            assignee_ids=(ADA,) if number in (1, 2, 5) else (),
            tags=("red",) if number in (2, 3) else (),
        )
    await sought.write()
    assert sorted(await sought.find("words", project_ids=(OPS,))) == [2, 4, 6, 8]
    assert sorted(await sought.find("words", statuses=("open",))) == [1, 2, 3, 4]
    assert sorted(await sought.find("words", assignee_ids=(ADA,), statuses=("done",))) == [5]
    assert await sought.find("words", tags=("red",), project_ids=(WEB,)) == [3]


async def test_pages_repeat_and_miss_nothing(sought: Sought) -> None:
    past = sought.past
    for number in range(1, 24):
        past.task(number, WEB, title=" ".join(["words"] * (1 + number % 3)))
    await sought.write()
    whole = await sought.find("words")
    for sort in (None, Sort(SortBy.PRIORITY, descending=False)):
        expected = await sought.find("words") if sort is None else None
        met: list[int] = []
        page = Page(limit=5)
        while True:
            found = await sought.page("words", sort=sort, page=page)
            met += numbers(found)
            assert found.listing.total == 23
            assert found.listing.total_is_exact
            if found.listing.next_cursor is None:
                break
            page = Page(limit=5, cursor=found.listing.next_cursor)
        assert sorted(met) == sorted(whole)
        assert expected is None or met == expected
    assert numbers(await sought.page("words", page=Page(limit=5, skip=20))) == whole[20:]
    with pytest.raises(Invalid):
        await sought.page("words", page=Page(cursor="AAAA"))


async def test_a_page_goes_on_behind_the_best_where_these_are_in_the_trash(sought: Sought) -> None:
    past = sought.past
    for number in range(1, 16):
        past.task(number, WEB, title="words" if number > 8 else "other", description="words")
    await sought.write()
    best = await sought.find("words")
    assert set(best[:7]) == set(range(9, 16))
    for number in best[:7]:
        past.change(made_id("task", number), TaskTrashed())
    await sought.write()
    page = await sought.page("words", page=Page(limit=3))
    assert (numbers(page), page.listing.total) == (best[7:10], 8)
    past.change(made_id("task", best[6]), TaskRestored())
    await sought.write()
    page = await sought.page("words", page=Page(limit=3))
    assert (numbers(page), page.listing.total) == ([best[6], *best[7:9]], 9)


async def test_of_words_that_are_everywhere_some_are_ranked_and_filters_go_first(
    sought: Sought, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (search_index, search_queries, index_module, documents):
        for name, value in (("MOST_HITS", 6), ("MOST_RANKED", 4), ("_MOST_AMONG", 6)):
            monkeypatch.setattr(module, name, value, raising=False)
    past = sought.past
    for number in range(1, 11):
        past.task(number, WEB, title="common", priority=1 if number in (2, 3) else 5)
    past.task(11, WEB, title="common rare")
    past.task(12, OPS, title="common")
    await sought.write()
    found = await sought.page("common")
    assert len(numbers(found)) == 4
    assert (found.whole, found.listing.total, found.listing.total_is_exact) == (False, 6, False)
    assert set(await sought.find("common", priorities=(1,))) == {2, 3}, "the filter goes first"
    assert await sought.find("common", project_ids=(OPS,)) == [12]
    exact = await sought.page("common rare")
    assert numbers(exact) == [11]
    assert (exact.whole, exact.listing.total_is_exact) == (True, True)


async def test_what_changes_is_found_as_it_is_now(sought: Sought) -> None:
    past = sought.past
    task_id = past.task(1, WEB, title="Before", tags=("old",))
    comment_id = past.comment(1, task_id, "remark")
    await sought.write()
    assert await sought.find("before remark old") == [1]
    past.change(task_id, TaskRetitled(title="After", was="Before"))
    past.change(task_id, TaskTagged(tags=("new",), was=("old",)))
    past.comment_changed(comment_id, CommentDeleted(task_id=task_id, project_id=WEB))
    await sought.write()
    assert await sought.find("after new") == [1]
    for gone in ("before", "remark", "old"):
        assert await sought.find(gone) == [], gone
    past.change(task_id, TaskTrashed())
    await sought.write()
    assert await sought.find("after") == []
    assert await sought.find("after", trashed=True) == [1]
    past.change(task_id, TaskRestored())
    past.change(task_id, TaskRetitled(title=ERASED, was=ERASED))
    past.change(task_id, TaskDescribed(description="left"))
    await sought.write()
    assert await sought.find("after") == []
    assert await sought.find("left") == [1]


async def test_nothing_is_found_beyond_what_the_asker_may_see(sought: Sought) -> None:
    past = sought.past
    past.task(1, WEB, title="shared secret")
    past.task(2, OPS, title="shared secret")
    past.task(3, FAR, title="shared secret")
    await sought.write()
    assert await sought.find("secret", Scope()) == []
    assert sorted(await sought.find("secret")) == [1, 2]
    assert await sought.find("secret", Scope(workspaces=(WS1,), hidden=(OPS,))) == [1]
    assert await sought.find("secret", Scope(projects=(OPS,), guest_of=(WS1,))) == [2]
    assert sorted(await sought.find("secret", Scope(workspaces=(WS1, WS2)))) == [1, 2, 3]
    assert await sought.find("sceret", Scope(workspaces=(WS2,))) == [3]
    assert await sought.find("secret", project_ids=(FAR,)) == []


async def test_a_task_that_moves_away_is_gone_before_the_index_knows_it(sought: Sought) -> None:
    """Where it stands is asked of the view of tasks, whatever the index says."""
    past = sought.past
    task_id = past.task(1, WEB, title="moving secret")
    await sought.write()
    moved = TaskMovedToProject(
        project_id=OPS, project_key="OPS", rank="h", was_project_id=WEB, was_project_key="WEB",
        was_number=1, was_status="todo", was_rank="h",
    )  # fmt: skip
    past.change(task_id, moved, number=7)
    await sought.written.write_to("tasks", past)
    visible = Scope(workspaces=(WS1,), hidden=(OPS,))
    found = await sought.queries.page(visible, asked_text("secret", 9), TaskFilter())
    assert found.listing.count == 0
    assert found.listing.total == 0
    await sought.write()
    assert await sought.find("secret", visible) == []
    assert await sought.find("OPS-7") == [1]
    assert await sought.find("WEB-1") == [1], "by the key that it had"


async def test_what_somebody_writes_is_never_markup(sought: Sought) -> None:
    evil = '<img src=x onerror="alert(1)"> &lt;b&gt; target'
    sought.past.task(1, WEB, title=evil, description=evil)
    sought.past.comment(1, made_id("task", 1), evil)
    await sought.write()
    found = (await sought.page("target img")).found[0]
    safe = (
        "&lt;<em>img</em> src=x onerror=&quot;alert(1)&quot;&gt; &amp;lt;b&amp;gt; <em>target</em>"
    )
    assert (found.title, found.description, found.comments) == (safe, safe, (safe,))
    for q in ("'", '"', "\\", "a' | 'b", "!secret", "a & b", "<->", "it's \\' :*", "é" * 70):
        await sought.page(q)
