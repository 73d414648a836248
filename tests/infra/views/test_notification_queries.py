"""Questions to a large view of notifications: each reads its own part of an index, and no table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.due_queries import DueQueries
from infra.postgres.views.notification_queries import NotificationFilter, NotificationQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from projections.questions import Page, Scope
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, made_id
from tests.real import Database

ROWS, PEOPLE = 40_000, 40
EACH = ROWS // PEOPLE
WS, ONE = made_id("ws", 1), made_id("user", 7)
READ_UPTO = ROWS - 4_000
UNREAD = 4_000 // PEOPLE

_NOTIFICATIONS = """
INSERT INTO views.notifications_notifications_v3_g1
SELECT 'ntf_' || lpad(n::text, 26, '0'), 'user_' || lpad((n %% %(people)s)::text, 26, '0'), %(ws)s,
    'proj_' || lpad((n %% 50)::text, 26, '0'), 'task_' || lpad((n / 9)::text, 26, '0'),
    'status_changed', n, n, false, NULL, '{"id":1}' FROM generate_series(1, %(rows)s) AS n
"""
_INBOXES = """
INSERT INTO views.notifications_inboxes_v3_g1
SELECT 'user_' || lpad(n::text, 26, '0'), %(ws)s, %(read)s FROM generate_series(0, %(people)s) AS n
"""
_TASKS = """
INSERT INTO views.notifications_tasks_v3_g1
SELECT 'task_' || lpad(n::text, 26, '0'), %(ws)s, 'proj_1', %(began)s + n * interval '1 minute',
    n %% 3 > 0, n %% 2 > 0, '' FROM generate_series(1, %(rows)s) AS n
"""


@pytest.fixture
async def plans(
    database: Database, written: Written, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, Any]]:
    """Those of all that is asked from now on, of a view that is full."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        given = {"ws": WS, "began": BEGAN, "people": PEOPLE, "rows": ROWS, "read": READ_UPTO}
        for sql in (_NOTIFICATIONS, _INBOXES, _TASKS):
            connection.execute(sql, given)
        connection.execute("ANALYZE")
    found: list[dict[str, Any]] = []
    fetch = ViewReader._fetch

    async def explained(self: ViewReader, scope: Any, sql: str, params: Any) -> Any:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}"
        ((plan,),) = await fetch(self, scope, explain, params)
        found.append(plan[0]["Plan"])
        return await fetch(self, scope, sql, params)

    monkeypatch.setattr(ViewReader, "_fetch", explained)
    return found


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def _of_large_tables(plans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    large = ("notifications_notifications", "notifications_tasks")
    found = [
        node
        for plan in plans
        for node in _nodes(plan)
        if node.get("Relation Name", "").startswith(large)
    ]
    assert found
    return found


@pytest.mark.parametrize("hidden", [(), (made_id("proj", 7), made_id("proj", 17))])
async def test_a_list_and_its_count_read_what_is_one_persons(
    pool: Pool,
    pointers: Pointers,
    written: Written,
    plans: list[dict[str, Any]],
    hidden: tuple[str, ...],
) -> None:
    queries = NotificationQueries(pool, pointers, written.log_id)
    scope = Scope(workspaces=(WS,), hidden=hidden)
    unread = await queries.unread(scope, ONE, BEGAN)
    left = UNREAD if not hidden else UNREAD - 2 * UNREAD // 5
    assert (unread.count, unread.is_exact) == (left, True)
    for asked, most in (
        (NotificationFilter(), EACH),
        (NotificationFilter(unread=True), left),
    ):
        listing = await queries.list(scope, ONE, asked, BEGAN, Page(limit=30))
        assert (listing.count, listing.has_more) == (30, most > 30)
        deeper = Page(limit=30, cursor=listing.next_cursor)
        assert (await queries.list(scope, ONE, asked, BEGAN, deeper)).count == min(30, left - 30)
    assert (await queries.unseen((WS,), ONE)).workspace_ids == [WS]
    marked = await queries.find(scope, ONE, made_id("ntf", ROWS - 2 * PEOPLE + 7))
    assert (marked.workspace_id, marked.last) == (WS, ROWS - 2 * PEOPLE + 7)
    for node in _of_large_tables(plans):
        assert "Seq" not in node["Node Type"], node
        assert node["Actual Rows"] * node["Actual Loops"] <= EACH, node


async def test_what_is_due_is_found_by_its_time(
    database: Database, written: Written, plans: list[dict[str, Any]]
) -> None:
    """As the worker asks, who sees every workspace."""
    pool = await open_pool(database.worker_url, role="taskledger_worker", max_size=2)
    try:
        due = DueQueries(pool, Pointers(pool))
        now = BEGAN + timedelta(minutes=100)
        found = await due.due(now, now + timedelta(minutes=60), 1_000)
    finally:
        await pool.close()
    late = [each for each in found if each.is_late]
    assert [len(late), len(found) - len(late)] == [50, 40]
    assert [each.due_at for each in late] == sorted(each.due_at for each in late)
    for node in _of_large_tables(plans):
        assert "Seq" not in node["Node Type"], node
        assert node["Actual Rows"] * node["Actual Loops"] <= 100, node
