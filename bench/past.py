"""Any moment: a board of 1,000 cards as it was, beside folding its tasks' streams, and what keeping
every version costs.

`python -m bench past [--quick]`. Five projects at work; a task has ten events, and half of all have
happened since the moment that is asked for.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg

from bench.log import empty_log, rebuilt, store_over
from bench.servers import own_folder, parts
from bench.table import p99, verdict
from bench.work import AT_ONCE, Work
from domain.project.events import ProjectCreated
from domain.project.state import PROJECT, Project
from domain.task.events import TaskCreated
from domain.task.state import TASK
from infra import logs
from infra.embedded.postgres import SUPERUSER
from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys
from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.board_queries import BoardQueries
from infra.postgres.views.dependency_queries import DependencyQueries
from infra.postgres.views.past_queries import PastQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.stats_queries import StatsQueries
from infra.postgres.views.task_queries import TaskQueries
from infra.processes.collector import tune_collector
from projections.past_moments import Moment
from projections.questions import Page, Scope
from projections.registry import view
from projections.task_questions import TaskFilter

CARDS: Final = 1_000
AT_MOST_MS: Final = 300.0
ASKED: Final = 100

_PROJECTS: Final = 5
_EVENTS_OF_A_TASK: Final = 10
_VIEWS: Final = ("tasks", "board", "past")
_FOLDED_AT_ONCE: Final = 64
_KEY: Final = bytes(32)


@dataclass(slots=True)
class Filled:
    """A log, with the project that is asked for and what stood in it at `moment`."""

    project_id: str
    workspace_id: str
    tasks: list[str]
    made: int
    moment: Moment
    head: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.past", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it, to see that it runs")
    logs.configure("error", "bench")
    cards = CARDS // 10 if parser.parse_args().quick else CARDS
    with (
        own_folder() as folder,
        parts(folder) as embedded,
        asyncio.Runner() as runner,
    ):
        tune_collector()
        base = empty_log(embedded, "past")
        api, worker = base.url("taskledger_api"), base.url("taskledger_worker")
        filled = runner.run(_fill(api, cards))
        print(f"{filled.head:,} events, {filled.made:,} tasks; {len(filled.tasks):,} cards then")
        for name in _VIEWS:
            rate = runner.run(rebuilt(worker, _KEY, view(name)))
            size = _bytes(base.url(SUPERUSER), name)
            print(
                f"view {name}: rebuilt at {rate:,.0f} events/s, {size / filled.head:,.0f} bytes an"
                f" event, {size / filled.made:,.0f} a task"
            )
        at_99 = runner.run(_ask(api, filled))
    print(verdict(at_99 < AT_MOST_MS, f"the board of then in {AT_MOST_MS:.0f} ms"))
    return 0 if at_99 < AT_MOST_MS else 1


async def _fill(url: str, cards: int) -> Filled:
    """Work until a project has so many tasks, and as much again."""
    async with store_over(url, _KEY) as store:
        work = Work(1, made_of_ten=1, projects=_PROJECTS)
        for commit in work.beginning():
            await store.append(commit)
            if isinstance(commit.events[0].event, ProjectCreated):
                home = (commit.main_stream, commit.workspace_id)
        half = cards * _PROJECTS * _EVENTS_OF_A_TASK
        day = work.day()
        tasks: list[str] = []
        made = 0
        for part in range(2):
            some = itertools.islice(day, half)
            while commits := list(itertools.islice(some, AT_ONCE)):
                await asyncio.gather(*(store.append(commit) for commit in commits))
                for commit in commits:
                    event = commit.events[0].event
                    if isinstance(event, TaskCreated):
                        made += 1
                        if part == 0 and event.project_id == home[0]:
                            tasks.append(commit.main_stream)
            if part == 0:
                place = await store.head()
        moment = Moment("recorded", place, datetime.now(UTC), place)
        return Filled(*home, tasks, made, moment, await store.head())


def _bytes(url: str, name: str) -> int:
    """Of all tables of a view, with their indexes."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'views'::regnamespace"
            " AND starts_with(c.relname, %s)",
            (f"{name}_",),
        ).fetchone()
    assert found is not None
    return int(found[0])


async def _ask(url: str, filled: Filled) -> float:
    """Prints what each question takes; the p99 of the board, in ms."""
    pool = await open_pool(url)
    store = PostgresEventStore(pool, MasterKeys(_KEY), url)
    await store.start()
    try:
        past = _past(pool, str(store.log_id)).seen(
            filled.moment, Scope(workspaces=(filled.workspace_id,))
        )

        async def project() -> Project:
            events = await store.read_stream(filled.project_id)
            found = PROJECT.fold((each.event, each.stamp) for each in events)
            assert found is not None
            return found

        async def board() -> None:
            drawn = await past.board(await project(), cards=1_000)
            doc = await past.with_cards(drawn.doc())
            assert doc.count(b'"rank":') == len(filled.tasks)

        async def first_paint() -> None:
            drawn = await past.board(await project(), cards=25)
            await past.with_cards(drawn.doc())

        async def listed() -> None:
            asked = TaskFilter(project_ids=(filled.project_id,))
            assert (await past.tasks(asked, None, Page(limit=50))).count == min(
                50, len(filled.tasks)
            )

        async def one() -> None:
            assert await past.task(filled.tasks[0], trashed=False) is not None

        async def counts() -> None:
            assert (await past.counts(await project())).total == len(filled.tasks)

        async def folded() -> None:
            for some in _in_parts(filled.tasks, _FOLDED_AT_ONCE):
                for events in await asyncio.gather(*map(store.read_stream, some)):
                    TASK.fold((each.event, each.stamp) for each in events)

        at_99 = await _timed("every card of the board", board)
        await _timed("its first paint, 25 a column", first_paint)
        await _timed("a list of 50", listed)
        await _timed("one task", one)
        await _timed("the counts", counts)
        await _timed("instead: every task folded from its stream", folded, 5)
        return at_99
    finally:
        await store.close()
        await pool.close()


def _past(pool: Pool, log_id: str) -> PastQueries:
    pointers = Pointers(pool)
    return PastQueries(
        pool,
        pointers,
        log_id,
        tasks=TaskQueries(pool, pointers, log_id),
        boards=BoardQueries(pool, pointers, log_id),
        stats=StatsQueries(pool, pointers),
        dependencies=DependencyQueries(pool, pointers, log_id),
    )


async def _timed(name: str, ask: Callable[[], Awaitable[None]], rounds: int = ASKED) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    at_99 = p99(took)
    print(f"{name}: first {took[0]:.0f} ms, p50 {statistics.median(took):.1f}, p99 {at_99:.1f}")
    return at_99


def _in_parts(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


if __name__ == "__main__":
    sys.exit(main())
