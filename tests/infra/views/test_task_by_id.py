"""One task, by its id or its key, for those who may see it."""

import asyncio
import json

import pytest

from domain.task.events import TaskRetitled
from domain.task.state import Task
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.task_queries import TaskPlace, TaskQueries
from projections.task_answers import Facts
from tests.infra.views.task_pasts import FAR, WEB, WS1, WS2, a_past, tasks_of
from tests.infra.views.written import Written
from tests.projections.history import made_id


@pytest.fixture
def queries(pool: Pool, pointers: Pointers, written: Written) -> TaskQueries:
    return TaskQueries(pool, pointers, written.log_id)


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
