"""A long stream is read from its snapshot on, and is the same as without."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from commands.states import States
from domain.dependency_graph.events import DependencyAdded
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.task.events import TaskDescribed
from domain.task.state import TASK, Task
from domain.values.recorded import Recorded
from domain.values.text import ERASED
from infra.event_store.snapshots import Snapshots
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.keys.destruction import DestroyedKeys, destroy_keys
from infra.keys.master import MasterKeys
from infra.postgres.pool import Pool, open_pool
from tests.infra.event_store.made import ACTOR, commit, event, retitled, task_created
from tests.real import Database

LENGTH = 450


class Counting:
    """Counts the events that were read."""

    def __init__(self, store: PostgresEventStore) -> None:
        self._store = store
        self.read = 0

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> list[Recorded]:
        recorded = list(await self._store.read_stream(stream, after, upto))
        self.read += len(recorded)
        return recorded


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    pool = await open_pool(database.api_url, max_size=2)
    yield pool
    await pool.close()


@pytest.fixture
async def task(store: PostgresEventStore) -> str:
    """A task with a long past."""
    stream = new_id("task")
    events = [event(stream, retitled(f"Title {index}")) for index in range(LENGTH - 2)]
    described = event(stream, TaskDescribed(description="Said by another"), author="user_other")
    await store.append(commit(event(stream, task_created()), described, *events))
    return stream


async def _read(states: States, stream: str) -> Task:
    state = await states.read(TASK, stream)
    assert state is not None
    return state


def _states(store: Any, snapshots: Snapshots | None) -> States:
    return States(store, 1_000_000, snapshots)


async def test_a_state_from_its_snapshot_is_the_folded_one(
    store: PostgresEventStore, pool: Pool, task: str
) -> None:
    snapshots = Snapshots(pool, store.ring)
    folded = await _read(_states(store, None), task)
    assert (folded.version, folded.title) == (LENGTH, f"Title {LENGTH - 3}")
    first = Counting(store)
    assert await _read(_states(first, snapshots), task) == folded
    assert first.read == LENGTH

    await store.append(commit(event(task, retitled("Newest")), expected={task: LENGTH}))
    second = Counting(store)
    newest = await _read(_states(second, snapshots), task)
    assert (newest.version, newest.title) == (LENGTH + 1, "Newest")
    assert second.read == 200 + 1, "the first page shows that it is long"
    kept = await snapshots.load(task)
    assert kept == folded


async def test_an_older_state_never_replaces_a_newer_one(
    store: PostgresEventStore, pool: Pool, task: str
) -> None:
    snapshots = Snapshots(pool, store.ring)
    newer = await _read(_states(store, None), task)
    await snapshots.save(task, newer)
    await snapshots.save(task, replace(newer, version=300, title="Older"))
    assert await snapshots.load(task) == newer


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE log.snapshots SET code = 'other code'",
        "UPDATE log.snapshots SET state = overlay(state PLACING '\\x00' FROM 90)",
        "UPDATE log.snapshots SET version = version - 1",
        "DELETE FROM log.snapshots",
    ],
    ids=["other code", "altered", "moved", "gone"],
)
async def test_a_snapshot_that_cannot_be_used_is_not_there(
    store: PostgresEventStore,
    pool: Pool,
    task: str,
    spoil: str,
    superuser: "psycopg.Connection[Any]",
) -> None:
    snapshots = Snapshots(pool, store.ring)
    folded = await _read(_states(store, snapshots), task)
    superuser.execute(spoil.encode())
    assert await snapshots.load(task) is None
    assert await _read(_states(store, snapshots), task) == folded


async def test_a_snapshot_holds_no_text_of_whose_key_is_gone(
    store: PostgresEventStore,
    pool: Pool,
    task: str,
    tmp_path: Path,
    database: Database,
    superuser: "psycopg.Connection[Any]",
) -> None:
    snapshots = Snapshots(pool, store.ring)
    await _read(_states(store, snapshots), task)
    sealed = superuser.execute("SELECT count(*) FROM log.snapshots WHERE state LIKE '%Said%'")
    assert sealed.fetchone() == (0,)
    owners = await open_pool(database.owner_url, max_size=1)
    async with owners.connection() as owner:
        gone = await destroy_keys(owner, "user_other", DestroyedKeys(tmp_path / "destroyed"))
    await owners.close()
    assert len(gone) == 2, "the author's key, and that of the workspace's snapshots"
    store.ring.drop(gone)
    assert await snapshots.load(task) is None
    state = await _read(_states(store, snapshots), task)
    assert (state.description, state.title) == (ERASED, f"Title {LENGTH - 3}")
    assert await snapshots.load(task) == state
    assert state.creator_id == ACTOR


async def test_keeping_one_fails_in_silence(store: PostgresEventStore, task: str) -> None:
    nowhere = await open_pool(
        "postgresql://127.0.0.1:1/nowhere", max_size=1, acquire_timeout_seconds=0.1
    )
    snapshots = Snapshots(nowhere, type(store.ring)(nowhere, MasterKeys(b"k" * 32)))
    await snapshots.save(task, await _read(_states(store, None), task))
    await nowhere.close()


async def test_a_graph_comes_back_from_its_snapshot_with_its_index(
    pool: Pool, store: PostgresEventStore
) -> None:
    stream = new_id("graph")
    added = [
        DependencyAdded(
            dependency_id=new_id("dep"),
            type="blocks",
            from_task_id=f"task_{number}",
            to_task_id=f"task_{number + 1 + number % 7}",
            task_id=f"task_{number}",
        )
        for number in range(LENGTH)
    ]
    await store.append(commit(*(event(stream, each) for each in added)))
    snapshots = Snapshots(pool, store.ring)
    folded = await _states(store, None).read(DEPENDENCY_GRAPH, stream)
    first = await _states(store, snapshots).read(DEPENDENCY_GRAPH, stream)
    counting = Counting(store)
    again = await _states(counting, snapshots).read(DEPENDENCY_GRAPH, stream)
    assert folded is not None
    assert again is not None
    assert folded == first == again
    assert counting.read < LENGTH
    assert again.edges_of("task_9") == folded.edges_of("task_9") != ()
    place = again.places.of
    assert all(place[each.from_task_id] < place[each.to_task_id] for each in added)
