"""One task, and lists of tasks by every filter in every order, against a naive oracle."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from domain.errors import Invalid, Kind, Refused
from domain.project.workflow import CATEGORIES, Status
from domain.task.events import TaskDueDateChanged, TaskRetitled, TaskTrashed
from domain.task.state import Task
from domain.values.text import shown
from infra.postgres.pool import Pool
from infra.postgres.views import task_queries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskPlace, TaskQueries
from projections.questions import Page, Scope
from projections.task_answers import Facts
from projections.task_questions import Sort, SortBy, TaskFilter
from projections.tasks import TASKS_VIEW
from projections.terms import words
from projections.titles import title_key
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, STATUSES, History, made_id
from tests.real import Database

ADA, BOB, EVE = (made_id("user", number) for number in (1, 2, 3))
WS1, WS2 = made_id("ws", 1), made_id("ws", 2)
WEB, OPS, FAR = (made_id("proj", number) for number in (1, 2, 3))
NOW = BEGAN + timedelta(days=1)
EVERYTHING = Scope(workspaces=(WS1, WS2))
IMPORTED = (
    Status(key="queued", name="Queued+Awaiting", category="todo"),
    Status(key="accepted", name="Accepted", category="in_progress"),
    Status(key="closed", name="Closed", category="done"),
)


@pytest.fixture
def queries(pool: Pool, pointers: Pointers, written: Written) -> TaskQueries:
    return TaskQueries(pool, pointers, written.log_id)


def a_past(tasks: int = 60) -> History:
    """Two projects in one workspace, one in another; ties and nulls in every column."""
    past = History()
    past.workspace(1)
    past.workspace(2, EVE)
    past.project(1, WS1, key="WEB")
    past.project(2, WS1, key="OPS", statuses=IMPORTED)
    past.project(3, WS2, key="WEB", owner_id=EVE)
    chance = random.Random(7)
    statuses = {WEB: STATUSES, OPS: IMPORTED, FAR: STATUSES}
    for number in range(1, tasks + 1):
        project_id = chance.choice([WEB, WEB, OPS, FAR])
        due = chance.choice([None, *(BEGAN + timedelta(days=days) for days in (0, 0, 1, 2))])
        past.task(
            number,
            project_id,
            recorded_at=BEGAN + timedelta(minutes=chance.randrange(5)),
            actor=chance.choice([ADA, BOB]),
            title=chance.choice(["Alpha login", "alpha Logout", "Beta", "größer", "Gamma 42"]),
            description=chance.choice(["", "the login page", "nothing here"]),
            external_id=chance.choice([None, f"X-{number}"]),
            status=chance.choice(statuses[project_id]).key,
            priority=chance.choice([1, 3, 3, 5, 10]),
            rank=chance.choice(["h1", "h2", "h2V", "hA", "ha"]),
            type=chance.choice(["task", "bug"]),
            assignee_ids=chance.choice([(), (ADA,), (BOB,), (ADA, BOB)]),
            due_date=due,
            tags=chance.choice([(), ("red",), ("red", "blue"), ("it's", 'a"b')]),
        )
    for number in range(5, tasks + 1, 9):
        past.change(made_id("task", number), TaskTrashed())
    return past


def tasks_of(past: History) -> list[Task]:
    return [state for state in past.states.values() if isinstance(state, Task)]


def category(task: Task) -> str:
    return task.status_category


FILTERS: list[tuple[TaskFilter, Callable[[Task], bool]]] = [
    (TaskFilter(), lambda task: True),
    (TaskFilter(project_ids=(WEB,)), lambda task: task.project_id == WEB),
    (TaskFilter(project_ids=(WEB, OPS)), lambda task: task.project_id in {WEB, OPS}),
    (TaskFilter(project_ids=("proj_none",)), lambda task: False),
    (TaskFilter(statuses=("in_review",)), lambda task: task.status == "in_review"),
    (
        TaskFilter(statuses=("in_progress",)),
        lambda task: (
            task.status == "in_progress"
            or (task.project_id == OPS and category(task) == "in_progress")
        ),
    ),
    (TaskFilter(statuses=("open",)), lambda task: category(task) in {"todo", "in_progress"}),
    (
        TaskFilter(statuses=("completed", "Queued+Awaiting")),
        lambda task: task.status in {"done", "queued", "closed"},
    ),
    (TaskFilter(statuses=("nowhere",)), lambda task: False),
    (TaskFilter(priorities=(3, 10)), lambda task: task.priority in {3, 10}),
    (TaskFilter(priority_lte=3), lambda task: task.priority <= 3),
    (TaskFilter(assignee_ids=(BOB,)), lambda task: BOB in task.assignee_ids),
    (TaskFilter(unassigned=True), lambda task: not task.assignee_ids),
    (
        TaskFilter(unassigned=True, assignee_ids=(BOB,)),
        lambda task: not task.assignee_ids or BOB in task.assignee_ids,
    ),
    (TaskFilter(creator_ids=(BOB,)), lambda task: task.creator_id == BOB),
    (TaskFilter(tags=("red", "blue")), lambda task: {"red", "blue"} <= set(task.tags)),
    (TaskFilter(tags=("it's",)), lambda task: "it's" in task.tags),
    (
        TaskFilter(tags_any=('a"b', "blue")),
        lambda task: bool({'a"b', "blue"} & set(task.tags)),
    ),
    (TaskFilter(types=("bug",)), lambda task: task.type == "bug"),
    (TaskFilter(parent_task_ids=("task_none",)), lambda task: False),
    (
        TaskFilter(due_before=BEGAN + timedelta(days=1)),
        lambda task: task.due_date is not None and task.due_date <= BEGAN + timedelta(days=1),
    ),
    (
        TaskFilter(due_after=BEGAN + timedelta(days=1)),
        lambda task: task.due_date is not None and task.due_date >= BEGAN + timedelta(days=1),
    ),
    (
        TaskFilter(updated_after=BEGAN + timedelta(minutes=2)),
        lambda task: task.updated_at >= BEGAN + timedelta(minutes=2),
    ),
    (TaskFilter(overdue=True, now=NOW), lambda task: late(task)),
    (TaskFilter(overdue=False, now=NOW), lambda task: not late(task)),
    (TaskFilter(is_blocked=True), lambda task: False),
    (TaskFilter(is_blocked=False), lambda task: True),
    (TaskFilter(q="LOGIN alp"), lambda task: found(task, ["login"], "alp")),
    (TaskFilter(q="web-1"), lambda task: found(task, ["web"], "1")),
    (TaskFilter(q="x-7"), lambda task: found(task, ["x"], "7")),
    (TaskFilter(q="GRÖSSER"), lambda task: found(task, [], "grösser")),
    (TaskFilter(q="!!"), lambda task: False),
    (TaskFilter(q="  "), lambda task: True),
    (
        TaskFilter(q="login", tags=("red",), project_ids=(WEB,), assignee_ids=(ADA,)),
        lambda task: (
            found(task, [], "login")
            and "red" in task.tags
            and task.project_id == WEB
            and ADA in task.assignee_ids
        ),
    ),
]


def late(task: Task) -> bool:
    return (
        task.due_date is not None
        and task.due_date < NOW
        and category(task) in {"todo", "in_progress"}
    )


def found(task: Task, whole: list[str], beginning: str) -> bool:
    texts = (shown(task.title), shown(task.description), shown(task.external_id), task.key)
    there = {word for text in texts for word in words(text)}
    return set(whole) <= there and any(word.startswith(beginning) for word in there)


async def ids_of(
    queries: TaskQueries,
    asked: TaskFilter,
    sort: Sort | None = None,
    limit: int = 1_000,
    scope: Scope = EVERYTHING,
) -> list[str]:
    """All ids, page by page, as a client would read them."""
    seen: list[str] = []
    cursor = None
    while True:
        page = Page(limit=limit, cursor=cursor)
        listing = await queries.list(scope, asked, sort, page)
        docs = json.loads(b"[%b]" % listing.docs)
        assert len(docs) == listing.count <= limit
        seen += [doc["id"] for doc in docs]
        if not listing.has_more:
            assert listing.next_cursor is None
            return seen
        assert len(docs) == limit
        cursor = listing.next_cursor
        assert cursor is not None
        assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("most_hits", [5_000, 0], ids=["by hits", "on the way"])
async def test_every_filter_gives_what_an_oracle_gives(
    written: Written, queries: TaskQueries, monkeypatch: pytest.MonkeyPatch, most_hits: int
) -> None:
    monkeypatch.setattr(task_queries, "MOST_HITS", most_hits)
    past = a_past()
    await written.write(past)
    for asked, holds in FILTERS:
        expected = {task.task_id for task in tasks_of(past) if holds(task) and not task.trashed}
        assert set(await ids_of(queries, asked)) == expected, asked
        in_trash = {task.task_id for task in tasks_of(past) if holds(task) and task.trashed}
        assert set(await ids_of(queries, replace(asked, trashed=True))) == in_trash, asked


KEYS: dict[SortBy, Callable[[Task], Any]] = {
    SortBy.CREATED_AT: lambda task: task.created_at,
    SortBy.UPDATED_AT: lambda task: task.updated_at,
    SortBy.DUE_DATE: lambda task: task.due_date,
    SortBy.PRIORITY: lambda task: task.priority,
    SortBy.TITLE: lambda task: title_key(task.title),
    SortBy.KEY: lambda task: (task.project_key, task.number),
    SortBy.RANK: lambda task: task.rank,
}


async def test_pages_neither_repeat_nor_miss_in_any_order(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past()
    await written.write(past)
    tasks = [task for task in tasks_of(past) if not task.trashed]
    for by in SortBy:
        for descending in (False, True):
            there = [task for task in tasks if KEYS[by](task) is not None]
            there.sort(key=lambda task: (KEYS[by](task), task.task_id), reverse=descending)
            nulls = [task for task in tasks if KEYS[by](task) is None]
            nulls.sort(key=lambda task: task.task_id, reverse=descending)
            expected = [task.task_id for task in there + nulls]
            for limit in (1, 7, 1_000):
                assert await ids_of(queries, TaskFilter(), Sort(by, descending), limit) == expected


async def test_a_page_may_begin_after_a_row_or_after_so_many(
    written: Written, queries: TaskQueries
) -> None:
    await written.write(a_past())
    for sort in (Sort(), Sort(SortBy.DUE_DATE, False)):
        whole = await ids_of(queries, TaskFilter(), sort)
        for page in (Page(limit=5, skip=10), Page(limit=5, after_id=whole[9])):
            listing = await queries.list(EVERYTHING, TaskFilter(), sort, page)
            docs = json.loads(b"[%b]" % listing.docs)
            assert [doc["id"] for doc in docs] == whole[10:15]


async def test_a_row_to_begin_after_must_be_one_that_the_asker_sees(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past()
    await written.write(past)
    hidden = next(task.task_id for task in tasks_of(past) if task.project_id == OPS)
    scope = Scope(workspaces=(WS1,), hidden=(OPS,))
    for after_id in (hidden, made_id("task", 99_999), "nonsense"):
        with pytest.raises(Invalid) as refusal:
            await queries.list(scope, TaskFilter(), None, Page(after_id=after_id))
        assert refusal.value.problems[0].pointer == "/query/last_id"


async def test_a_total_is_counted_where_it_is_asked(written: Written, queries: TaskQueries) -> None:
    past = a_past()
    await written.write(past)
    listing = await queries.list(EVERYTHING, TaskFilter(), None, Page(limit=3, total=True))
    expected = sum(1 for task in tasks_of(past) if not task.trashed)
    assert (listing.total, listing.total_is_exact) == (expected, True)
    assert listing.position == past.position


async def test_nobody_sees_beyond_their_scope(written: Written, queries: TaskQueries) -> None:
    past = a_past()
    await written.write(past)

    async def seen(scope: Scope, asked: TaskFilter | None = None) -> set[str]:
        ids = await ids_of(queries, asked or TaskFilter(), scope=scope)
        return {past.state_of(task_id).project_id for task_id in ids}

    assert await seen(Scope(workspaces=(WS1,))) == {WEB, OPS}
    assert await seen(Scope(workspaces=(WS1,), hidden=(WEB,))) == {OPS}
    assert await seen(Scope(projects=(OPS,), guest_of=(WS1,))) == {OPS}
    assert await seen(Scope(workspaces=(WS2,), projects=(OPS,), guest_of=(WS1,))) == {FAR, OPS}
    assert await seen(Scope()) == set()
    asked = TaskFilter(project_ids=(FAR,), q="alpha", assignee_ids=(ADA,))
    assert await seen(Scope(workspaces=(WS1,)), asked) == set()


@pytest.mark.parametrize("cursor", ["", "x", "A" * 9_000, "-_-_", "ä", "kwE", "3QAAAAE="])
async def test_text_that_is_no_cursor_is_refused(queries: TaskQueries, cursor: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await queries.list(EVERYTHING, TaskFilter(), None, Page(cursor=cursor))
    assert refusal.value.problems[0].pointer == "/query/cursor"


async def test_a_cursor_of_another_order_or_another_log_is_refused(
    pool: Pool, pointers: Pointers, written: Written, queries: TaskQueries
) -> None:
    await written.write(a_past())
    listing = await queries.list(EVERYTHING, TaskFilter(), Sort(), Page(limit=1))
    page = Page(limit=1, cursor=listing.next_cursor)
    with pytest.raises(Invalid):
        await queries.list(EVERYTHING, TaskFilter(), Sort(SortBy.PRIORITY, True), page)
    elsewhere = TaskQueries(pool, pointers, "another-log")
    with pytest.raises(Invalid):
        await elsewhere.list(EVERYTHING, TaskFilter(), Sort(), page)


async def test_one_task_comes_with_what_the_log_knows_of_it(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past(12)
    past.comment(1, made_id("task", 1))
    await written.write(past)
    await written.guard(f"access:{past.state_of(made_id('task', 1)).workspace_id}", 3)
    task = past.state_of(made_id("task", 1))
    read = await queries.get([WS1, WS2], task.task_id)
    assert read is not None
    assert read.doc is not None
    assert json.loads(read.doc)["id"] == task.task_id
    assert (read.version, read.head_version, read.fresh) == (task.version, task.version, True)
    assert (read.access_position, read.position) == (3, past.position)
    assert (read.project_id, read.facts.comment_count) == (task.project_id, 1)
    elsewhere = WS2 if task.workspace_id == WS1 else WS1
    facts = await asyncio.gather(
        queries.facts(task.workspace_id, task.task_id),
        queries.facts(elsewhere, task.task_id),
        queries.facts(task.workspace_id, made_id("task", 99)),
    )
    assert facts == [read.facts, Facts(), Facts()]


async def test_a_task_that_the_view_is_behind_on_says_so(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past(6)
    await written.write(past)
    task_id = made_id("task", 1)
    past.change(task_id, TaskRetitled(title="New", was="Old"))
    new_id = past.task(7, WEB)
    await written.log(past.events)
    behind = await queries.get([WS1, WS2], task_id)
    assert behind is not None
    assert (behind.version, behind.head_version, behind.fresh) == (1, 2, False)
    unseen = await queries.get([WS1], new_id)
    assert unseen is not None
    assert (unseen.doc, unseen.head_version, unseen.workspace_id) == (None, 1, WS1)


async def test_what_is_elsewhere_is_as_if_it_were_not(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past()
    await written.write(past)
    far = next(task for task in tasks_of(past) if task.project_id == FAR)
    assert await queries.get([WS1], far.task_id) is None
    assert await queries.get([WS1, WS2], made_id("task", 99_999)) is None
    assert await queries.get([], far.task_id) is None


async def test_many_readers_of_many_tenants_each_get_their_own(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past()
    await written.write(past)
    tasks = tasks_of(past)

    async def read(task: Task, workspaces: list[str]) -> None:
        answer = await queries.get(workspaces, task.task_id)
        if task.workspace_id not in workspaces:
            assert answer is None
        else:
            assert answer is not None
            assert answer.doc is not None
            assert json.loads(answer.doc)["title"] == task.title

    await asyncio.gather(
        *(read(task, scope) for task in tasks for scope in ([WS1], [WS2], [WS1, WS2]) for _ in "ab")
    )


async def test_a_key_is_found_in_each_workspace_that_has_it(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past()
    await written.write(past)
    expected = {
        TaskPlace(task.task_id, task.workspace_id, task.project_id)
        for task in tasks_of(past)
        if task.key == "WEB-2"
    }
    assert len(expected) == 2
    assert set(await queries.find([WS1, WS2], "web-2")) == expected
    assert len(await queries.find([WS1], "WEB-2")) == 1
    for nothing in ("WEB-0", "WEB", "-", "WEB-²", "WEB-1x", f"WEB-{'9' * 30}", ""):
        assert await queries.find([WS1, WS2], nothing) == []


async def test_the_database_itself_refuses_rows_of_other_tenants(
    database: Database, written: Written
) -> None:
    await written.write(a_past())
    async with await psycopg.AsyncConnection.connect(database.api_url, autocommit=True) as api:

        async def count(setting: str) -> int:
            async with api.transaction():
                await api.execute(
                    "SELECT set_config('taskledger.workspaces', %s, true)", (setting,)
                )
                total = 0
                for table in ("tasks", "terms", "statuses"):
                    rows = await api.execute(
                        f"SELECT count(*) FROM views.tasks_{table}_v{TASKS_VIEW.version}_g1"  # type: ignore[arg-type]
                        " WHERE workspace_id = %s",
                        (WS1,),
                    )
                    total += (await rows.fetchone() or (0,))[0]
                hits = await api.execute(
                    "SELECT count(*) FROM views.task_hits(%s, 'web'::tsquery, 99)",
                    (f"tasks_terms_v{TASKS_VIEW.version}_g1",),
                )
                return total + (await hits.fetchone() or (0,))[0]

        assert await count(WS1) > 0
        assert await count("") == 0
        assert await count(made_id("ws", 9)) == 0
        for statement in ("DELETE FROM", "TRUNCATE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await api.execute(f"{statement} views.tasks_tasks_v{TASKS_VIEW.version}_g1")  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            await api.execute("SELECT views.task_hits('pg_authid', 'a'::tsquery, 1)")


async def test_reads_go_on_when_another_generation_answers(
    database: Database, pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past(10)
    await written.write(past)
    queries = TaskQueries(pool, pointers, written.log_id)
    before = await ids_of(queries, TaskFilter())
    generation = await written.another(TASKS_VIEW)
    assert await ids_of(queries, TaskFilter(q="alpha")) != []
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, autocommit=True
    ) as owner:
        await owner.execute("UPDATE ops.checkpoints SET position = 0")
        await written.answer_with(generation, TASKS_VIEW)
        await written.write_to("tasks", past)
        for table in ("tasks", "terms", "statuses"):
            await owner.execute(f"DROP TABLE views.tasks_{table}_v{TASKS_VIEW.version}_g1")  # type: ignore[arg-type]
    assert await ids_of(queries, TaskFilter()) == before
    assert await ids_of(queries, TaskFilter(q="alpha")) != []


async def test_a_view_that_is_not_built_or_has_lost_a_table_says_that_it_is_behind(
    pool: Pool, written: Written, database: Database
) -> None:
    async with await psycopg.AsyncConnection.connect(
        database.superuser_url, autocommit=True
    ) as owner:
        for lost in (
            f"DROP TABLE views.tasks_tasks_v{TASKS_VIEW.version}_g1",
            "DELETE FROM ops.projection_pointers",
        ):
            await owner.execute(lost.encode())
            queries = TaskQueries(pool, Pointers(pool), written.log_id)
            with pytest.raises(Refused) as refusal:
                await queries.list(EVERYTHING, TaskFilter())
            assert refusal.value.kind is Kind.VIEW_BEHIND


async def test_a_task_that_only_comments_speak_of_is_in_no_list(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past(3)
    past.comment(1, made_id("task", 1))
    past.events = [recorded for recorded in past.events if recorded.stream != made_id("task", 1)]
    await written.write(past)
    assert made_id("task", 1) not in await ids_of(queries, TaskFilter())
    assert made_id("task", 1) not in await ids_of(queries, TaskFilter(trashed=True))


async def test_dates_far_away_do_no_harm(written: Written, queries: TaskQueries) -> None:
    past = a_past(3)
    far = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    changed = TaskDueDateChanged(due_date=far, due_all_day=False, was=None, was_all_day=False)
    past.change(made_id("task", 1), changed)
    await written.write(past)
    sort = Sort(SortBy.DUE_DATE, False)
    assert len(await ids_of(queries, TaskFilter(), sort, limit=1)) == 3


def test_categories_are_what_the_filters_think_they_are() -> None:
    assert set(CATEGORIES) == {"todo", "in_progress", "done", "cancelled"}
