"""Lists of tasks by every filter in every order, against a naive oracle."""

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import Invalid
from domain.project.workflow import CATEGORIES
from domain.task.events import (
    TaskDescribed,
    TaskDueDateChanged,
    TaskPrioritised,
    TaskRanked,
    TaskRestored,
    TaskRetitled,
    TaskTrashed,
)
from domain.task.state import Task
from domain.values.text import shown
from infra.postgres.pool import Pool
from infra.postgres.views import task_hits
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskQueries
from projections.query.conditions import All
from projections.questions import Page, Scope
from projections.task_questions import Sort, SortBy, TaskFilter
from projections.titles import title_key
from projections.words import words
from tests.infra.views.few_tasks import ask_the_index
from tests.infra.views.task_pasts import (
    ADA,
    BOB,
    EVERYTHING,
    FAR,
    NOW,
    OPS,
    WEB,
    WS1,
    WS2,
    a_past,
    ids_of,
    tasks_of,
)
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, made_id
from tests.real import Database


@pytest.fixture
def queries(pool: Pool, pointers: Pointers, written: Written) -> TaskQueries:
    return TaskQueries(pool, pointers, written.log_id)


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


@pytest.mark.parametrize(
    ("most_hits", "few"),
    [(5_000, True), (5_000, False), (0, True)],
    ids=["by hits, looked through", "by hits, by the index", "on the way"],
)
async def test_every_filter_gives_what_an_oracle_gives(
    written: Written, queries: TaskQueries, database: Database, monkeypatch: pytest.MonkeyPatch,
    most_hits: int, few: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(task_hits, "MOST_HITS", most_hits)
    if not few:
        ask_the_index(database)
    past = a_past()
    await written.write(past)
    for asked, holds in FILTERS:
        expected = {task.task_id for task in tasks_of(past) if holds(task) and not task.trashed}
        assert set(await ids_of(queries, asked)) == expected, asked
        in_trash = {task.task_id for task in tasks_of(past) if holds(task) and task.trashed}
        assert set(await ids_of(queries, replace(asked, trashed=True))) == in_trash, asked


@pytest.mark.parametrize("most_hits", [5_000, 0], ids=["by hits", "on the way"])
async def test_a_list_meets_words_of_the_task_itself_and_not_of_its_comments(
    written: Written, queries: TaskQueries, monkeypatch: pytest.MonkeyPatch, most_hits: int
) -> None:
    monkeypatch.setattr(task_hits, "MOST_HITS", most_hits)
    past = a_past(3)
    long, named, other = (made_id("task", number) for number in (1, 2, 3))
    past.change(long, TaskDescribed(description="word " * 17_000 + "lately"))
    past.change(named, TaskRetitled(title="修复数据库错误 today", was=""))
    past.comment(1, other, "lately 修复数据库错误")
    await written.write(past)
    for q in ("lately", "word late"):
        assert await ids_of(queries, TaskFilter(q=q)) == [long]
    for q in ("修复数据库错误", "修复 today", "数据", "误 tod"):
        assert await ids_of(queries, TaskFilter(q=q)) == [named]


async def test_a_list_that_asks_for_words_shows_no_more_than_both_views_have(
    written: Written, queries: TaskQueries
) -> None:
    past = a_past(3)
    await written.write(past)
    before = past.position
    past.change(made_id("task", 1), TaskRetitled(title="Changed lately", was=""))
    await written.write_to("tasks", past)
    listing = await queries.list(EVERYTHING, TaskFilter(q="lately"))
    assert (listing.count, listing.position) == (0, before)
    assert (await queries.list(EVERYTHING, TaskFilter())).position == past.position
    named = All((TaskFilter(q="lately"),))
    assert (await queries.list(EVERYTHING, TaskFilter(where=named))).position == before
    await written.write_to("search", past)
    for asked in (TaskFilter(q="lately"), TaskFilter(where=named)):
        listing = await queries.list(EVERYTHING, asked)
        assert (listing.count, listing.position) == (1, past.position)


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


async def test_rows_that_change_between_pages_take_no_other_with_them(
    written: Written, queries: TaskQueries
) -> None:
    past, chance = a_past(), random.Random(11)
    await written.write(past)
    ids = sorted(task.task_id for task in tasks_of(past))
    restless, still = ids[::3], {*ids} - {*ids[::3]}
    for by, descending in itertools.product(SortBy, (False, True)):
        expected = [
            each
            for each in await ids_of(queries, TaskFilter(), Sort(by, descending))
            if each in still
        ]
        seen: list[str] = []
        page = Page(limit=11)
        while True:
            listing = await queries.list(EVERYTHING, TaskFilter(), Sort(by, descending), page)
            seen += [doc["id"] for doc in json.loads(b"[%b]" % listing.docs)]
            if not listing.has_more:
                break
            page = Page(limit=11, cursor=listing.next_cursor)
            for task_id in chance.sample(restless, 5):
                past.change(task_id, something_else(past.state_of(task_id), chance))
            await written.write_to("tasks", past)
        assert [each for each in seen if each in still] == expected, (by, descending)


def something_else(task: Task, chance: random.Random) -> object:
    """A change of whatever lists go by, as it may come."""
    due = chance.choice([None, BEGAN, BEGAN + timedelta(days=chance.randrange(4))])
    rank = chance.choice(["h0V", "h2", "h9", "hz"])
    return chance.choice(
        [
            TaskRetitled(title=chance.choice(["Beta", "zeta", "Äpfel"]), was=task.title),
            TaskDueDateChanged(due_date=due, due_all_day=False, was=None, was_all_day=False),
            TaskPrioritised(priority=chance.randint(1, 10), was=task.priority),
            TaskRanked(rank=rank, was=task.rank),
            TaskRestored() if task.trashed else TaskTrashed(),
        ]
    )


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
