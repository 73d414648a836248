"""Processes hear what others write: nothing is decided twice, and nothing rests on hearing it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from commands.project.edit_project import EditProject
from commands.task.edit_task import EditTask
from commands.workspace.create_workspace import CreateWorkspace
from domain.project.state import PROJECT
from domain.task.events import TaskRetitled
from domain.task.state import TASK
from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys, new_key
from infra.nats.connection import NatsConnection, Subscription
from infra.nats.news import on_news
from infra.nats.wake import CommitWaker
from infra.postgres.pool import open_pool
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from tests.commands.conftest import Counted, House, process
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import SampleLog
from tests.real import Database


@dataclass
class Pair:
    """`ear` is how the house's other process hears what the first one writes to the `log`."""

    house: House
    ear: Subscription
    log: PostgresEventStore


@pytest.fixture
async def pair(
    database: Database, log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> AsyncIterator[Pair]:
    """A project of Ann's in a house of two processes."""
    key = new_key()
    async with contextlib.AsyncExitStack() as stack:

        async def opened(url: str) -> PostgresEventStore:
            pool = await open_pool(url, max_size=4)
            stack.push_async_callback(pool.close)
            wake = CommitWaker(nats, log.log_id())
            store = PostgresEventStore(pool, MasterKeys(key), url, on_commit=wake)
            await store.start()
            stack.push_async_callback(store.close)
            return store

        reader = await opened(database.worker_url)
        first, second = Counted(await opened(database.api_url)), await opened(database.api_url)
        other = process(Counted(second), reader)
        house = House(process(first, reader).executor, first, reader, other)
        ear = await on_news(nats, log.log_id(), other.executor.states.heard)
        run(Relay(reader, sessions, nats, owner="test").run())
        ann = await house.register("ann")
        made = await house.run(ann, CreateWorkspace(name="Acme"))
        house.workspace_id = made.main_stream
        house.project_id = (await house.project(key="WEB")).project_id
        yield Pair(house, ear, reader)


async def retitled(house: House, task_id: str, *titles: str) -> None:
    for title in titles:
        await house.run(house.ann, EditTask(task_id=task_id, title=title))


async def test_a_task_that_another_process_changed_is_changed_at_the_first_try(pair: Pair):
    house = pair.house
    task = await house.task("One")
    await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Two"))
    await retitled(house, task.task_id, "Three", "Four")
    states = house.other.executor.states
    await until(lambda: states.behind(task.task_id) == 2)
    before = house.other.store.appends, house.other.store.reads
    outcome = await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Five"))
    after = house.other.store.appends, house.other.store.reads
    assert after == (before[0] + 1, before[1])
    known = outcome.state(TASK)
    assert (known.title, known.version) == ("Five", 5)
    assert (await house.events(task.task_id))[-1] == TaskRetitled(title="Five", was="Four")
    states.forget(task.task_id)
    assert await states.read(TASK, task.task_id) == known


async def test_news_that_were_lost_cost_a_try_or_a_read_and_change_nothing(pair: Pair):
    house = pair.house
    await pair.ear.close()
    task = await house.task("One")
    await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Two"))
    await retitled(house, task.task_id, "Three")
    appends = house.other.store.appends
    outcome = await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Four"))
    assert house.other.store.appends == appends + 2
    assert outcome.state(TASK).version == 4

    await retitled(house, task.task_id, "Five", "Six")
    head = await pair.log.head()
    house.other.executor.states.heard(await pair.log.read_rows(head, head))
    before = house.other.store.appends, house.other.store.reads
    outcome = await house.other.run(house.ann, EditTask(task_id=task.task_id, title="Seven"))
    after = house.other.store.appends, house.other.store.reads
    assert after == (before[0] + 1, before[1] + 1)
    assert (await house.events(task.task_id))[-1] == TaskRetitled(title="Seven", was="Six")


async def test_what_tells_who_may_do_what_is_read_from_the_log(pair: Pair):
    house = pair.house
    other, project_id = house.other, house.project_id
    await other.run(house.ann, EditProject(project_id=project_id, name="Two"))
    await house.run(house.ann, EditProject(project_id=project_id, name="Three"))
    await until(lambda: other.executor.states.behind(project_id) is not None)
    assert other.executor.states.behind(project_id) == 0
    before = other.store.appends, other.store.reads
    outcome = await other.run(house.ann, EditProject(project_id=project_id, name="Four"))
    assert (other.store.appends, other.store.reads) == (before[0] + 1, before[1] + 1)
    assert outcome.state(PROJECT).name == "Four"
