"""A view built in shards is the one that is built by one, whatever ends on the way."""

import asyncio
import itertools
import os
import signal
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from bench.log import store_over
from bench.work import Work
from infra.event_store.store import PostgresEventStore
from infra.processes import generations, shard_processes
from infra.processes.build_progress import Progress
from infra.processes.bulk_load import BuildLimits
from infra.processes.outages import Fenced
from infra.processes.rebuild import Outcome, Rebuild
from infra.processes.sessions import Sessions
from infra.processes.shard_processes import ShardAway, ShardFailed, ShardProcesses
from infra.processes.shards import Builders, Order, Shard, Told
from projections.projection import Projection
from projections.tasks import TASKS_VIEW
from tests.api.product import MASTER_KEY, settings_of
from tests.infra.processes.conftest import until
from tests.infra.processes.rebuilding import SMALL
from tests.infra.processes.sample import Added, Broken, Faults, SampleLog, sample, stored
from tests.infra.processes.sharing import Beside
from tests.infra.processes.test_projector import as_replayed, some_events
from tests.real import Database, Parts

_STANDING = "SELECT shard, position FROM ops.build_shards ORDER BY shard"

# Of three shards one has all of `ws_a`, one all of `ws_b`, and one has nothing.
_A, _B, _C = Shard(1, 3), Shard(0, 3), Shard(2, 3)
assert _A.has("ws_a")
assert _B.has("ws_b")


class OneAfterTheOther(Beside):
    """The others wait, for ever if need be, until one shard stands at the end."""

    def __init__(self, log: SampleLog, sessions: Sessions) -> None:
        super().__init__(3, log, sessions)
        self.one_stands = asyncio.Event()
        self.others_may = asyncio.Event()

    async def build(self, projection: Projection, order: Order, told: Told) -> None:
        if order.shard == _A:
            await super().build(projection, order, told)
            self.one_stands.set()
        else:
            await self.others_may.wait()
            await super().build(projection, order, told)


class FailsAtFirst(Beside):
    """One shard, once it stands at the end."""

    def __init__(self, count: int, log: SampleLog, sessions: Sessions, error: Exception) -> None:
        super().__init__(count, log, sessions)
        self._error: Exception | None = error

    async def build(self, projection: Projection, order: Order, told: Told) -> None:
        error, self._error = self._error, None
        await super().build(projection, order, told)
        if error is not None:
            raise error


async def rebuilt(log: SampleLog, sessions: Sessions, builders: Builders) -> Outcome:
    return await Rebuild(sample(), log, sessions, limits=SMALL, builders=builders).run()


async def killed_half_way(log: SampleLog, sessions: Sessions) -> None:
    """With one of three shards at the end, and the others where they began."""
    builders = OneAfterTheOther(log, sessions)
    work = asyncio.ensure_future(rebuilt(log, sessions, builders))
    await builders.one_stands.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


@pytest.mark.parametrize("count", [3, 4])
async def test_all_shards_together_are_what_the_log_says(
    log: SampleLog, sessions: Sessions, count: int
) -> None:
    head = log.append(*some_events(3_000, 1))
    told: list[int] = []

    def at(progress: Progress) -> None:
        told.append(progress.position)

    builders = Beside(count, log, sessions)
    rebuild = Rebuild(sample(), log, sessions, limits=SMALL, on_progress=at, builders=builders)
    outcome = await rebuild.run()
    assert builders.followed == count
    assert not outcome.resumed
    assert outcome.position == head
    assert (told[0], told[-1]) == (0, head)
    assert told == sorted(told)
    assert stored(log) == await as_replayed(log)
    assert log.ask(_STANDING) == []


async def test_a_short_log_is_built_by_one(log: SampleLog, sessions: Sessions) -> None:
    head = log.append(*some_events(300, 1))
    builders = Beside(2, log, sessions)
    builders.least_events = head + 1
    await rebuilt(log, sessions, builders)
    assert builders.followed == 0
    assert stored(log) == await as_replayed(log)


async def test_a_log_that_is_nearly_all_of_one_workspace_is_built_by_one(
    log: SampleLog, sessions: Sessions
) -> None:
    log.append(*some_events(300, 1), *[("ws_a", "much", Added(1))] * 2_000)
    builders = Beside(3, log, sessions)
    await rebuilt(log, sessions, builders)
    assert builders.followed == 0
    assert stored(log) == await as_replayed(log)


async def test_each_shard_goes_on_where_it_was(log: SampleLog, sessions: Sessions) -> None:
    then = log.append(*some_events(2_000, 1))
    await killed_half_way(log, sessions)
    assert log.ask(_STANDING) == [(_B.number, 0), (_A.number, then), (_C.number, 0)]
    head = log.append(*some_events(1_000, 2))
    begun: list[int] = []

    def at(progress: Progress) -> None:
        begun.append(progress.position)

    outcome = await Rebuild(
        sample(), log, sessions, limits=SMALL, on_progress=at, builders=Beside(3, log, sessions)
    ).run()
    assert outcome.resumed
    assert begun[0] == then // 3
    assert outcome.position == head
    assert stored(log, generation=outcome.generation.number) == await as_replayed(log)


@pytest.mark.parametrize("count", [1, 4])
async def test_in_other_shards_it_is_begun_anew(
    log: SampleLog, sessions: Sessions, count: int
) -> None:
    log.append(*some_events(1_000, 1))
    await killed_half_way(log, sessions)
    outcome = await rebuilt(log, sessions, Beside(count, log, sessions))
    assert not outcome.resumed
    assert stored(log, generation=outcome.generation.number) == await as_replayed(log)
    assert log.ask(_STANDING) == []


async def test_an_outage_of_one_shard_is_waited_out(log: SampleLog, sessions: Sessions) -> None:
    log.append(*some_events(1_000, 1))
    await rebuilt(log, sessions, FailsAtFirst(3, log, sessions, ShardAway("ended")))
    assert stored(log) == await as_replayed(log)


async def test_a_fault_of_one_shard_ends_the_rebuild(log: SampleLog, sessions: Sessions) -> None:
    log.append(*some_events(1_000, 1))
    with pytest.raises(ShardFailed):
        await rebuilt(log, sessions, FailsAtFirst(3, log, sessions, ShardFailed("a fault")))
    assert log.ask("SELECT state FROM ops.projection_generations") == [("building",)]


async def test_a_shard_writes_nothing_once_the_generation_has_another_owner(
    log: SampleLog, sessions: Sessions
) -> None:
    log.append(*some_events(2_000, 1))
    builders = OneAfterTheOther(log, sessions)
    work = asyncio.ensure_future(rebuilt(log, sessions, builders))
    await builders.one_stands.wait()
    (written,) = log.ask("SELECT count(*) FROM views.sample_entries_v1_g1")
    async with sessions.open("test") as other:
        (standing,) = await generations.standings_of(other, sample())
        await generations.claim(other, [standing.generation], log.log_id())
    builders.others_may.set()
    with pytest.raises(Fenced):
        await work
    assert log.ask("SELECT count(*) FROM views.sample_entries_v1_g1") == [written]


async def test_poison_parks_its_stream_alone(log: SampleLog, sessions: Sessions) -> None:
    log.append(*some_events(400, 1), ("ws_a", "bad", Broken(1)), *some_events(400, 2))
    await rebuilt(log, sessions, Beside(3, log, sessions))
    assert log.ask("SELECT position, stream FROM ops.dead_letters") == [(401, "bad")]
    Faults.broken = False
    outcome = await rebuilt(log, sessions, Beside(3, log, sessions))
    assert stored(log, generation=outcome.generation.number) == await as_replayed(log)


# By processes of their own.


@pytest.fixture
async def store(database: Database) -> AsyncIterator[PostgresEventStore]:
    """Under the master key that the settings of these processes name."""
    async with store_over(database.owner_url, b64decode(MASTER_KEY)) as opened:
        yield opened


@pytest.fixture
def processes(parts: Parts, database: Database, tmp_path: Path) -> ShardProcesses:
    settings = settings_of(parts, database, data_dir=tmp_path)
    return replace(ShardProcesses.under(settings.as_environment(), 2), least_events=0)


def of_shards() -> Iterator[int]:
    """The processes of shards that this one has."""
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in _said(children).split():
            if shard_processes.__name__.encode() in _said(Path(f"/proc/{int(pid)}/cmdline")):
                yield int(pid)


def _said(of_process: Path) -> bytes:
    """Nothing of what has ended since it was listed."""
    try:
        return of_process.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


async def test_processes_build_it_though_one_is_killed(
    store: PostgresEventStore, log: SampleLog, sessions: Sessions, processes: ShardProcesses
) -> None:
    work = Work(3, projects=10, below_of_ten=3)
    for commit in itertools.chain(work.beginning(), work.someday(600)):
        await store.append(commit)
    await Rebuild(TASKS_VIEW, store, sessions).run()
    rebuild = Rebuild(TASKS_VIEW, store, sessions, builders=processes)
    running = asyncio.create_task(rebuild.run(compare=True))
    await until(lambda: len(list(of_shards())) == 2)
    os.kill(next(of_shards()), signal.SIGKILL)
    outcome = await running
    assert outcome.comparison is not None
    assert outcome.comparison.differences == []
    assert not list(of_shards())


async def test_whoever_gives_up_leaves_no_process(
    store: PostgresEventStore, sessions: Sessions, processes: ShardProcesses
) -> None:
    for commit in Work(3).beginning():
        await store.append(commit)
    rebuild = Rebuild(TASKS_VIEW, store, sessions, builders=processes)
    running = asyncio.create_task(rebuild.run())
    await until(lambda: len(list(of_shards())) == 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not list(of_shards())


async def test_a_process_ends_with_whoever_gave_the_order(
    log: SampleLog, sessions: Sessions, processes: ShardProcesses
) -> None:
    async with sessions.open("test") as session:
        generation = await generations.create(session, TASKS_VIEW, log.log_id(), 2)
        # There is no end to what it is to do.
        order = Order(generation, 0, log.log_id(), Shard(0, 2), 10**9, BuildLimits())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", shard_processes.__name__),
            stdin=asyncio.subprocess.PIPE,
            env=processes.environment,
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 30) == 0
