"""Queries on the past of 1,000,000 tasks with 10,000,000 intervals, filled in directly.

`python -m bench history [--quick] [--tasks N]`. What is timed is the question to the view, as the
api role asks it, row-level security on, pages of 50, each with other people and times.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from bench.log import empty_log
from bench.servers import own_folder, parts
from bench.table import p99, verdict
from infra.embedded.postgres import SUPERUSER
from infra.postgres.pool import open_pool
from infra.postgres.views.ddl import relation
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskQueries
from infra.processes import generations
from projections.intervals import INTERVALS_VIEW
from projections.projection import Projection
from projections.query.conditions import All, ChangedSo, Not, Stood, WasSo, When
from projections.questions import Page, Scope
from projections.task_questions import Sort, SortBy, TaskFilter
from projections.tasks import TASKS_VIEW

TASKS: Final = 1_000_000
AT_MOST_MS: Final = 200.0
ROUNDS: Final = 60

_USERS: Final = 10_000
_TASKS_A_PROJECT: Final = 300
_WORKSPACE: Final = f"ws_{1:026d}"
_SCOPE: Final = Scope(workspaces=(_WORKSPACE,))
_BEGAN: Final = datetime(2024, 1, 1, tzinfo=UTC)
_DAYS: Final = 730

# Two years of tasks, in the order of their numbers; each goes back and forth for some weeks.
_FILL: Final = {
    "statuses": """
        INSERT INTO {statuses}
        SELECT 'proj_' || lpad(p::text, 26, '0'), s.key, {workspace}, s.key, s.category
        FROM generate_series(0, {tasks} / {a_project}) AS p,
            (VALUES ('todo', 'todo'), ('in_progress', 'in_progress'), ('in_review', 'in_progress'),
                ('blocked', 'in_progress'), ('done', 'done'), ('cancelled', 'cancelled'))
                AS s(key, category)
    """,
    "tasks": """
        INSERT INTO {tasks_table} (
            task_id, workspace_id, project_id, status_category, comment_count, progress_done,
            progress_total, project_key, number, status, priority, type, assignee_ids, creator_id,
            tags, created_at, updated_at, title_key, rank, trashed, is_blocked, version, doc)
        SELECT 'task_' || lpad(n::text, 26, '0'), {workspace},
            'proj_' || lpad((n / {a_project})::text, 26, '0'), 'done', 0, 0, 0, 'P', n, 'done',
            1 + n % 10, 'task', ARRAY['user_' || lpad((n % {users})::text, 26, '0')],
            'user_' || lpad((n % {users})::text, 26, '0'), ARRAY[]::text[], b.at,
            b.at + interval '30 days', 'task ' || n, 'h' || n, false, false, 9,
            convert_to('{{"id":"' || n || '","text":"' || repeat('x', 1100) || '"}}', 'UTF8')
        FROM generate_series(1, {tasks}) AS n,
            LATERAL (SELECT {began} + n * (interval '{days} days' / {tasks}) AS at) AS b
    """,
    "intervals": """
        INSERT INTO {intervals}
        SELECT 'task_' || lpad(n::text, 26, '0'), f.field,
            coalesce(f.value,
                'user_' || lpad((hashint4(n * 31 + f.k) & 1048575) % {users} || '', 26, '0')),
            CASE WHEN f.lasts THEN 0 ELSE n::bigint * 16 + f.k + 1 END, {workspace},
            n::bigint * 16 + f.k, b.at + f.k * interval '2 days', b.at + f.k * interval '2 days',
            'user_' || lpad((hashint4(n * 17 + f.k) & 1048575) % {users} || '', 26, '0'),
            f.k = 0, e.at, e.at,
            CASE WHEN f.lasts THEN NULL
                ELSE 'user_' || lpad((hashint4(n * 17 + f.k + 1) & 1048575) % {users} || '',
                    26, '0') END
        FROM generate_series(1, {tasks}) AS n,
            (VALUES ('status', 'todo', 0, false),
                ('status', 'in_progress', 1, false), ('status', 'in_review', 4, false),
                ('status', 'in_progress', 5, false), ('status', 'done', 9, true),
                ('assignee', NULL, 0, false), ('assignee', NULL, 3, false),
                ('assignee', NULL, 6, true))
                AS f(field, value, k, lasts),
            LATERAL (SELECT {began} + n * (interval '{days} days' / {tasks}) AS at) AS b,
            LATERAL (SELECT CASE WHEN f.lasts THEN NULL
                ELSE b.at + (f.k + 3) * interval '2 days' END AS at) AS e
    """,
    "made": """
        INSERT INTO {made}
        SELECT 'task_' || lpad(n::text, 26, '0'), {workspace}, n::bigint * 16, b.at, b.at, b.who,
            ARRAY[{workspace} || ' made ' || b.who, {workspace} || ' status todo',
                {workspace} || ' priority 3', {workspace} || ' assignee user_'
                || lpad((hashint4(n * 31) & 1048575) % {users} || '', 26, '0')]
        FROM generate_series(1, {tasks}) AS n,
            LATERAL (SELECT {began} + n * (interval '{days} days' / {tasks}) AS at,
                'user_' || lpad((hashint4(n * 17) & 1048575) % {users} || '', 26, '0')
                AS who) AS b
    """,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it, to see that it runs")
    parser.add_argument("--tasks", type=int, default=TASKS)
    options = parser.parse_args()
    tasks = options.tasks // 10 if options.quick else options.tasks
    with (
        own_folder() as folder,
        parts(folder) as embedded,
    ):
        began = time.perf_counter()
        base = empty_log(embedded, "bench")
        size = asyncio.run(_filled(base.url(SUPERUSER), tasks))
        filled_s = time.perf_counter() - began
        print(f"{tasks:,} tasks, {10 * tasks:,} intervals, filled in {filled_s:.0f} s; {size}")
        took = asyncio.run(_measured(base.url("taskledger_api")))
    kept = True
    for name, ms in took.items():
        at_99 = p99(ms)
        good = at_99 < AT_MOST_MS
        kept = kept and good
        print(verdict(good, (
            f"p50 {statistics.median(ms):6.1f} ms, p99 {at_99:6.1f} ms (under {AT_MOST_MS:.0f})"
            f"  {name}"
        )))  # fmt: skip
    return 0 if kept else 1


async def _filled(url: str, tasks: int) -> str:
    """Makes both views answer; what their tables and indexes take."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        found = await (await connection.execute("SELECT log_id::text FROM log.head")).fetchone()
        assert found is not None
        made = {
            each.name: await generations.create(connection, each, found[0])
            for each in (TASKS_VIEW, INTERVALS_VIEW)
        }
        names: Mapping[str, Any] = {
            "statuses": _table(TASKS_VIEW, "statuses", made),
            "tasks_table": _table(TASKS_VIEW, "tasks", made),
            "intervals": _table(INTERVALS_VIEW, "intervals", made),
            "made": _table(INTERVALS_VIEW, "made", made),
            "workspace": f"'{_WORKSPACE}'",
            "began": f"timestamptz '{_BEGAN.isoformat()}'",
            "tasks": tasks,
            "users": _USERS,
            "a_project": _TASKS_A_PROJECT,
            "days": _DAYS,
        }
        for statement in _FILL.values():
            await connection.execute(statement.format_map(names))
        for view in (TASKS_VIEW, INTERVALS_VIEW):
            generation = made[view.name]
            await generations.create_indexes(view, generation, connection)
            await generations.claim(connection, [generation], found[0])
            assert await generations.point(connection, generation)
        await connection.execute("VACUUM ANALYZE")
        sizes = await (
            await connection.execute(
                "SELECT pg_size_pretty(pg_total_relation_size(%s::regclass)),"
                " pg_size_pretty(pg_relation_size(%s::regclass))",
                (names["intervals"], names["intervals"]),
            )
        ).fetchone()
        assert sizes is not None
        return f"intervals take {sizes[0]}, {sizes[1]} of it rows"


def _table(view: Projection, name: str, made: Mapping[str, Any]) -> str:
    return relation(view, view.table(name), made[view.name].number)


async def _measured(url: str) -> dict[str, list[float]]:
    pool = await open_pool(url, max_size=4)
    try:
        queries = TaskQueries(pool, Pointers(pool), "bench")
        chance = random.Random(3)
        took: dict[str, list[float]] = {name: [] for name in _ASKED}
        for round_ in range(ROUNDS + 5):
            for name, make in _ASKED.items():
                asked, sort = make(chance)
                began = time.perf_counter()
                # One that is given up has taken as long as anybody waits.
                with suppress(psycopg.errors.QueryCanceled, TimeoutError):
                    await queries.list(_SCOPE, asked, sort, Page(limit=50))
                if round_ >= 5:
                    took[name].append(1_000 * (time.perf_counter() - began))
        return took
    finally:
        await pool.close()


def _somebody(chance: random.Random) -> str:
    return f"user_{chance.randrange(_USERS):026d}"


def _some_day(chance: random.Random) -> datetime:
    return _BEGAN + timedelta(days=chance.randrange(60, _DAYS - 60))


def _was(status: str, when: When) -> WasSo:
    return WasSo("status", Stood(statuses=(status,)), when)


def _asked(*parts: Any, **filters: Any) -> TaskFilter:
    return TaskFilter(where=All(parts), **filters)


_NEWEST: Final = Sort()
_Make = Callable[[random.Random], tuple[TaskFilter, Sort]]
_ASKED: Final[Mapping[str, _Make]] = {
    "status WAS in_review BEFORE day BY person": lambda c: (
        _asked(_was("in_review", When(end=_some_day(c), by=(_somebody(c),)))),
        _NEWEST,
    ),
    "assignee CHANGED FROM person AFTER -1w": lambda c: (
        _asked(
            ChangedSo("assignee", Stood(values=(_somebody(c),)), None, When(first=_some_day(c)))
        ),
        _NEWEST,
    ),
    "status WAS NOT done DURING (day, day + 30d)": lambda c: (
        _asked(Not(_was("done", _during(_some_day(c), 30)))),
        _NEWEST,
    ),
    "status WAS in_review BEFORE day": lambda c: (
        _asked(_was("in_review", When(end=_some_day(c)))),
        _NEWEST,
    ),
    "status CHANGED FROM in_review TO in_progress ON day": lambda c: (
        _asked(
            ChangedSo(
                "status",
                Stood(statuses=("in_review",)),
                Stood(statuses=("in_progress",)),
                _during(_some_day(c), 1),
            )
        ),
        _NEWEST,
    ),
    "assignee WAS person AND status WAS in_review DURING 30 days ORDER BY priority": lambda c: (
        _asked(
            WasSo("assignee", Stood(values=(_somebody(c),)), When()),
            _was("in_review", _during(_some_day(c), 30)),
        ),
        Sort(SortBy.PRIORITY, False),
    ),
    "assignee WAS NOT EMPTY AND status CHANGED BY person": lambda c: (
        _asked(
            Not(WasSo("assignee", Stood(values=("",)), When())),
            ChangedSo("status", None, None, When(by=(_somebody(c),))),
        ),
        _NEWEST,
    ),
}


def _during(first: datetime, days: int) -> When:
    return When(first=first, end=first + timedelta(days=days))


if __name__ == "__main__":
    sys.exit(main())
