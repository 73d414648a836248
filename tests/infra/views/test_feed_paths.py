"""Every path through a feed gives what reading it along and sieving would, and none is long."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from domain.comment.events import CommentDeleted, CommentRestored
from domain.task.events import (
    TaskAssigned,
    TaskMovedToProject,
    TaskRespaced,
    TaskRetitled,
    TaskTrashed,
)
from infra.postgres.pool import Pool
from infra.postgres.views import feed_paths
from infra.postgres.views.activity_queries import ActivityQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from projections.activity import ACTIVITY_VIEW, ActivityFilter
from projections.past_moments import ALWAYS, microseconds, since_of
from projections.questions import Page, Scope
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, History, made_id
from tests.real import Database

ADA, BOB, EVE = (made_id("user", number) for number in (1, 2, 3))
WS, OTHER = made_id("ws", 1), made_id("ws", 2)
PROJECTS = [made_id("proj", number) for number in range(1, 6)]
FAR = made_id("proj", 9)


def table_of(name: str) -> str:
    return f"views.activity_{name}_v{ACTIVITY_VIEW.version}_g1"


ENTRIES = table_of("entries")

SCOPES = {
    "everything": Scope(workspaces=(WS,)),
    "some hidden": Scope(workspaces=(WS,), hidden=tuple(PROJECTS[2:4])),
    "most hidden": Scope(workspaces=(WS,), hidden=tuple(PROJECTS[1:])),
    "a guest": Scope(projects=tuple(PROJECTS[3:]), guest_of=(WS,)),
    "here and there": Scope(workspaces=(OTHER,), projects=(PROJECTS[0],), guest_of=(WS,)),
    "in both": Scope(workspaces=(WS, OTHER), hidden=(PROJECTS[0],)),
    "nothing": Scope(),
}
FILTERS = (
    ActivityFilter(),
    ActivityFilter(workspace_id=WS),
    ActivityFilter(workspace_id=WS, actions=("title_changed", "task_trashed")),
    ActivityFilter(actor_ids=(BOB,)),
    ActivityFilter(workspace_id=WS, actor_ids=(BOB, EVE), actions=("assigned", "commented")),
    ActivityFilter(project_id=PROJECTS[0]),
    ActivityFilter(project_id=PROJECTS[3], actions=("title_changed",)),
    ActivityFilter(project_id=PROJECTS[3], actor_ids=(ADA,)),
    ActivityFilter(task_id=made_id("task", 3)),
)
DAY = timedelta(days=1)
HAPPENED = (
    {"happened_by": BEGAN},
    {"happened_by": BEGAN - 4 * DAY},
    {"happened_by": BEGAN - 3 * DAY, "since": BEGAN - 5 * DAY},
    {"happened_by": BEGAN, "until": BEGAN - 2 * DAY},
    {"happened_by": BEGAN - 20 * DAY},
)


def a_past() -> History:
    chance = random.Random(11)
    past = History()
    past.workspace(1, ADA)
    past.workspace(2, EVE)
    for number in range(1, 6):
        past.project(number, WS, key=f"P{number}")
    past.project(9, OTHER, owner_id=EVE)
    tasks = [past.task(n, chance.choice(PROJECTS), actor=BOB) for n in range(1, 16)]
    tasks.append(past.task(16, FAR, actor=BOB))
    comments: list[str] = []
    for number in range(120):
        task_id, actor = chance.choice(tasks), chance.choice((ADA, BOB, EVE))
        # Times that came in with an import: not in the order of the log, some of them alike.
        then = BEGAN - timedelta(days=chance.randrange(9)) if number % 3 == 0 else None
        task = past.state_of(task_id)
        project = past.states[chance.choice(PROJECTS)]
        event: object = TaskRetitled(title=f"Title {number}", was="Old")
        kind = chance.randrange(6)
        if kind == 0 and task.workspace_id == WS and project.project_id != task.project_id:
            event = TaskMovedToProject(
                project_id=project.project_id,
                project_key=project.key,
                rank="h1",
                was_project_id=task.project_id,
                was_project_key=task.project_key,
                was_number=task.number or 0,
                was_status=task.status,
                was_rank=task.rank,
                number=number,
            )
        elif kind == 1:
            event = TaskAssigned(assignee_ids=(BOB,), was=())
        elif kind == 2:
            event = TaskTrashed()
        elif kind == 3:
            event = TaskRespaced(rank="h2", was="h1")
        elif kind == 4:
            comments.append(past.comment(number, task_id))
            continue
        past.change(task_id, event, actor=actor, occurred_at=then)
    for number, comment_id in enumerate(comments):
        comment = past.states[comment_id]
        place = {"task_id": comment.task_id, "project_id": comment.project_id}
        then = None if number % 2 else BEGAN - timedelta(days=number)
        past.comment_changed(comment_id, CommentDeleted(**place), actor=EVE, occurred_at=then)
        past.comment_changed(comment_id, CommentRestored(**place), actor=EVE)
    return past


@dataclass(frozen=True)
class Sieve:
    """The whole view, read along."""

    rows: Sequence[Any]
    moved: dict[str, str]

    def of(self, scope: Scope, asked: ActivityFilter) -> Iterator[Any]:
        for row in self.rows:
            seen_in = self.moved.get(row.task_id, row.project_id)
            whole = row.workspace_id in scope.workspaces and seen_in not in scope.hidden
            if not whole and (seen_in is None or seen_in not in scope.projects):
                continue
            if row.action is None or (asked.actions and row.action not in asked.actions):
                continue
            if asked.actor_ids and row.actor_id not in asked.actor_ids:
                continue
            wanted = (asked.task_id, row.task_id), (asked.project_id, row.project_id)
            if any(value not in (None, given) for value, given in wanted):
                continue
            if asked.workspace_id in (None, row.workspace_id):
                yield row


async def sieve(database: Database) -> Sieve:
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, row_factory=psycopg.rows.namedtuple_row
    ) as connection:
        rows = await connection.execute(
            f"SELECT * FROM {ENTRIES} ORDER BY position DESC, ordinal DESC"
        )
        moved = await connection.execute(f"SELECT task_id, project_id FROM {table_of('moved')}")
        return Sieve(await rows.fetchall(), {one.task_id: one.project_id async for one in moved})


@pytest.mark.parametrize("walked", [3, 2_000])
async def test_pages_are_those_of_the_whole_feed_sieved(
    pool: Pool,
    pointers: Pointers,
    written: Written,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    walked: int,
) -> None:
    """With a short walk, what is looked for otherwise is met as well."""
    monkeypatch.setattr(feed_paths, "_WALKED", walked)
    past = a_past()
    await written.write(past)
    whole = await sieve(database)
    assert len(whole.moved) > 5
    queries = ActivityQueries(pool, pointers, written.log_id)
    for name, scope in SCOPES.items():
        for asked in FILTERS:
            expected = [json.loads(row.doc)["id"] for row in whole.of(scope, asked)]
            await require_pages(queries, scope, asked, expected, name)
            listing = await queries.list(scope, asked, Page(limit=5, skip=2))
            found = [each["id"] for each in json.loads(b"[%b]" % listing.docs)]
            assert found == expected[2:7], (name, asked)

    # By the world's clock; what says no time of its own stands with the event before it in its
    # stream, and before all others where there is none.
    happened = happened_at(past)
    clocks = itertools.cycle(HAPPENED)
    for (name, scope), filters in itertools.product(SCOPES.items(), FILTERS):
        clock = next(clocks)
        until = microseconds(min(clock["happened_by"], clock.get("until", BEGAN)))
        since = microseconds(clock["since"]) if "since" in clock else ALWAYS
        rows = [
            (happened[row.position], row.position, row.ordinal, json.loads(row.doc)["id"])
            for row in whole.of(scope, filters)
            if since <= happened[row.position] <= until
        ]
        expected = [row[-1] for row in sorted(rows, reverse=True)]
        await require_pages(queries, scope, replace(filters, **clock), expected, name)

    # A place among what has always been is behind all that is asked for since some time.
    asked = ActivityFilter(workspace_id=WS, happened_by=BEGAN - 20 * DAY)
    listing = await queries.list(SCOPES["everything"], asked, Page(limit=2))
    later = replace(asked, since=BEGAN - 30 * DAY)
    page_behind = Page(cursor=listing.next_cursor)
    assert (await queries.list(SCOPES["everything"], later, page_behind)).count == 0


async def require_pages(
    queries: ActivityQueries, scope: Scope, asked: ActivityFilter, expected: list[str], name: str
) -> None:
    """Page by page, both ways, without gap or repetition."""
    for oldest_first in (False, True):
        found: list[str] = []
        page: Page | None = Page(limit=7, total=True)
        while page is not None:
            listing = await queries.list(scope, asked, page, oldest_first=oldest_first)
            found += [each["id"] for each in json.loads(b"[%b]" % listing.docs)]
            assert listing.total in (None, len(expected)), (name, asked)
            page = Page(limit=17, cursor=listing.next_cursor) if listing.has_more else None
        in_order = expected[::-1] if oldest_first else expected
        assert found == in_order, (name, asked, oldest_first)


def happened_at(past: History) -> dict[int, int]:
    """Where each position stands on the world's clock."""
    happened: dict[int, int] = {}
    last: dict[str, int] = {}
    for each in past.events:
        before = last.get(each.stream, ALWAYS)
        happened[each.position] = last[each.stream] = since_of(each.stamp, before)
    return happened


ROWS = 6_000


@pytest.mark.parametrize("is_alone", [True, False], ids=["one workspace", "many workspaces"])
async def test_no_page_however_deep_reads_more_than_a_page(
    is_alone: bool,
    pool: Pool,
    pointers: Pointers,
    written: Written,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted by PostgreSQL itself, in a workspace of which most asked for here is not, be it the
    only one or one of many, of which PostgreSQL takes each for rare in each project."""
    await written.write(a_past(), log=False)
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, autocommit=True
    ) as connection:
        await connection.execute(
            f"INSERT INTO {ENTRIES} SELECT CASE WHEN %s OR n %% 50 = ANY(%s) THEN %s"
            " ELSE 'ws_' || lpad((n %% 50 + 100)::text, 26, '0') END, 1000 + n, 0,"
            " 'proj_' || lpad((n %% 50 + 1)::text, 26, '0'),"
            " 'task_' || lpad((n / 3)::text, 26, '0'),"
            " 'user_' || lpad((n %% 7)::text, 26, '0'), 'assigned',"
            " %s + n * interval '1 s', %s + n * interval '1 s', '{\"id\":1}'"
            " FROM generate_series(1, %s) AS n",
            (is_alone, [0, 1, 2, 39], WS, BEGAN, BEGAN, ROWS),
        )
        await connection.execute("ANALYZE")
    read: list[int] = []
    fetch = ViewReader._fetch

    async def explained(self: ViewReader, scope: Any, sql: str, params: Any) -> Any:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}"
        ((plans,),) = await fetch(self, scope, explain, params)
        read.append(rows_read(plans[0]["Plan"]))
        return await fetch(self, scope, sql, params)

    queries = ActivityQueries(pool, pointers, written.log_id)
    everything = SCOPES["everything"]
    few = Scope(workspaces=(WS,), hidden=tuple(made_id("proj", n) for n in range(4, 51)))
    guest = Scope(projects=tuple(PROJECTS[:3]), guest_of=(WS,))
    page = Page(limit=10)
    by_then = {"happened_by": BEGAN + timedelta(seconds=ROWS)}
    cases = (
        (everything, ActivityFilter(workspace_id=WS, **by_then), 100),
        (everything, ActivityFilter(project_id=made_id("proj", 40), **by_then), 100),
        (everything, ActivityFilter(workspace_id=WS), 100),
        (everything, ActivityFilter(workspace_id=WS, actions=("assigned",)), 100),
        (everything, ActivityFilter(workspace_id=WS, actor_ids=(made_id("user", 5),)), 100),
        (everything, ActivityFilter(project_id=made_id("proj", 40)), 100),
        (guest, ActivityFilter(workspace_id=WS), 400),
        (few, ActivityFilter(workspace_id=WS), 6_000),
    )
    monkeypatch.setattr(feed_paths, "_WALKED", 50)
    monkeypatch.setattr(ViewReader, "_fetch", explained)
    for scope, asked, most in cases:
        listing = await queries.list(scope, asked, page)
        del read[:]
        for depth in range(5):
            assert listing.count == 10, (asked, depth)
            listing = await queries.list(scope, asked, Page(limit=10, cursor=listing.next_cursor))
        assert max(read) <= min(most, 400), (scope, asked, read)
        assert max(read) <= min(read) * 1.5, (scope, asked, read)


def rows_read(plan: dict[str, Any]) -> int:
    """Of the feed's own table; a sequential scan counts for all of it."""
    own = 0
    if plan.get("Relation Name", "").startswith("activity_entries"):
        own = int(plan["Actual Rows"] * plan["Actual Loops"])
        own += int(plan.get("Rows Removed by Filter", 0) * plan["Actual Loops"])
    return own + sum(rows_read(each) for each in plan.get("Plans", ()))


async def test_times_are_found_by_position(
    pool: Pool, pointers: Pointers, written: Written, database: Database
) -> None:
    past = a_past()
    await written.write(past)
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, autocommit=True
    ) as connection:
        for each in past.events:
            await connection.execute(
                "INSERT INTO log.events VALUES (%s, %s, NULL, %s, %s, %s, 'x', '', '')",
                (
                    each.position,
                    each.stamp.recorded_at,
                    each.stamp.version,
                    each.stamp.workspace_id,
                    each.stream,
                ),
            )
        await connection.execute("UPDATE log.head SET position = %s", (past.position,))
    queries = ActivityQueries(pool, pointers, written.log_id)
    whole = await sieve(database)
    rows = list(whole.of(SCOPES["everything"], ActivityFilter(workspace_id=WS)))
    second = timedelta(seconds=1)
    for since, until in (
        (BEGAN + 20 * second, BEGAN + 40 * second),
        (None, BEGAN + 20 * second),
        (BEGAN + 40.5 * second, None),
        (BEGAN - second, BEGAN),
        (BEGAN + 1_000 * second, None),
    ):
        asked = ActivityFilter(workspace_id=WS, since=since, until=until)
        listing = await queries.list(SCOPES["everything"], asked, Page(limit=1_000))
        assert [each["position"] for each in json.loads(b"[%b]" % listing.docs)] == [
            row.position
            for row in rows
            if (since is None or row.recorded_at >= since)
            and (until is None or row.recorded_at <= until)
        ]
