"""Views: how fast they follow the log, how far they lag in daily use, how fast one is rebuilt."""

import argparse
import asyncio
import base64
import bisect
import itertools
import secrets
import statistics
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import uvloop
from psycopg import sql

from bench.log import Base, empty_log, rebuilt, store_over
from bench.pace import paced
from bench.servers import SPINE, background, own_folder, parts, wait_until
from bench.table import Row, p99, printed, verdict
from bench.work import AT_ONCE, Work
from commands.commit import Commit
from infra import logs
from infra.embedded.postgres import OWNER, SUPERUSER
from infra.event_store.store import PostgresEventStore
from infra.nats.connection import NatsConnection
from infra.nats.wake import CommitWaker
from infra.processes.collector import tune_collector
from projections.registry import VIEWS, view

ROUNDS = 5
AT_LEAST_LIVE = 5_000
AT_LEAST_REBUILD = 25_000
LAG_AT_MOST_MS = 300
COMMANDS_A_SECOND = 500

_EVENTS = 60_000
_FED_AT_ONCE = 250
# A seed of which two builders have about the same to do: 39 and 61 of a hundred events.
_SHARED_OUT = 3
_AHEAD = 5_000
_LAG_S = 10.0
_CATCH_UP_S = 60.0
_WATCH_EVERY_S = 0.004

_KEY = secrets.token_bytes(32)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.projection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it, to see that it runs")
    options = parser.parse_args()
    logs.configure("error", "bench")
    events = _EVENTS // 10 if options.quick else _EVENTS
    lag_s = _LAG_S / 5 if options.quick else _LAG_S
    with own_folder() as folder, parts(folder / "parts") as embedded:
        day, live, spine = (empty_log(embedded, name) for name in ("day", "live", "spine"))
        asyncio.run(_fill(day, events, Work(1)))
        committed = _taken(day, live, spine)
        with _background(spine, folder, SPINE):
            followed_by_spine = asyncio.run(_follow(spine, committed))
        _drop(spine)
        with _background(live, folder, [projection.name for projection in VIEWS]):
            followed = asyncio.run(_follow(live, committed))
            lags = asyncio.run(_lags(live, lag_s))
        _drop(live)
        history = empty_log(embedded, "history")
        asyncio.run(_fill(history, events, Work(_SHARED_OUT, made_of_ten=1)))
        rebuilds = _rebuilds(history)
    rows = [
        Row(
            "the spine's views, for which it was promised, from commit to checkpoint",
            followed_by_spine,
            at_least=AT_LEAST_LIVE,
            note=", ".join(SPINE),
        ),
        Row("every view of today, from commit to checkpoint", followed),
        *(
            Row(
                f"rebuild of {name}",
                rates,
                at_least=AT_LEAST_REBUILD if name == "tasks" else None,
                note="a task has ten events" if name == "tasks" else "",
            )
            for name, rates in rebuilds.items()
        ),
    ]
    print(printed(rows, "events/s"))
    at_99 = p99(lags)
    print(verdict(at_99 < LAG_AT_MOST_MS, (
        f"at {COMMANDS_A_SECOND} commands a second every view has a change after"
        f" {statistics.median(lags):.0f} ms, p99 {at_99:.0f} ms (under {LAG_AT_MOST_MS}), worst"
        f" {max(lags):.0f} ms"
    )))  # fmt: skip
    return 0


async def _fill(base: Base, events: int, work: Work) -> None:
    """A log of so many events, appended as the product does it."""
    async with store_over(base.url("taskledger_api"), _KEY) as store:
        for commit in work.beginning():
            await store.append(commit)
        day = itertools.islice(work.day(), events)
        while commits := list(itertools.islice(day, AT_ONCE)):
            await asyncio.gather(*(store.append(commit) for commit in commits))


def _rebuilds(base: Base) -> dict[str, list[float]]:
    """Events a second of each view's rebuild, by rounds, with nobody else at work."""
    rates: dict[str, list[float]] = {projection.name: [] for projection in VIEWS}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tune_collector()
        for _ in range(ROUNDS):
            for name, seen in rates.items():
                seen.append(runner.run(rebuilt(base.url("taskledger_worker"), _KEY, view(name))))
    return rates


def _taken(source: Base, *targets: Base) -> list[tuple[object, ...]]:
    """The events of a log that goes, with the keys that open them, to be committed elsewhere."""
    with source.session() as given:
        for target in targets:
            _copy_keys(given, target)
        rows = given.execute("SELECT * FROM log.events ORDER BY position").fetchall()
    _drop(source)
    return rows


def _copy_keys(given: psycopg.Connection, target: Base) -> None:
    with target.session() as taken:
        for (table,) in given.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'keys'"
        ).fetchall():
            with (
                given.cursor().copy(f"COPY {table} TO STDOUT".encode()) as out,
                taken.cursor().copy(f"COPY {table} FROM STDIN".encode()) as into,
            ):
                for block in out:
                    into.write(block)


def _drop(base: Base) -> None:
    """So that PostgreSQL's own housekeeping there does not disturb what is measured next."""
    assert base.embedded.postgres is not None
    url = base.embedded.postgres.url_of(SUPERUSER, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(base.name))
        )


@contextmanager
def _background(base: Base, folder: Path, views: Sequence[str]) -> Iterator[None]:
    """Relay and projector over this log with these views, once they answer."""
    environment = {
        **base.embedded.urls(),
        "TASKLEDGER_DATABASE_URL": base.url(OWNER),
        "TASKLEDGER_WORKER_DATABASE_URL": base.url("taskledger_worker"),
        "TASKLEDGER_DATA_DIR": str(folder),
        "TASKLEDGER_MASTER_KEY": base64.b64encode(_KEY).decode(),
        "TASKLEDGER_LOG_LEVEL": "error",
    }
    with background(environment, folder / "background.log", views), base.session() as connection:
        wait_until(lambda: len(_positions(connection)) == len(views), "every view answers")
        yield


async def _follow(target: Base, rows: Sequence[tuple[object, ...]]) -> list[float]:
    """Events a second, by rounds, from the first commit of a round until every view has its last
    event. What is committed was sealed before; a commit has 250 events, and they wait while the
    views are 5,000 events behind."""
    rates = []
    size = len(rows) // ROUNDS
    async with _nats(target) as (nats, log_id):
        wake = CommitWaker(nats, log_id)
        with target.session() as watching, target.session() as feeding:
            for start in range(0, size * ROUNDS, size):
                began = time.perf_counter()
                for first in range(start, start + size, _FED_AT_ONCE):
                    last = min(first + _FED_AT_ONCE, start + size)
                    _feed(feeding, rows[first:last])
                    wake(last)
                    await asyncio.sleep(0)
                    await _views_at(target, watching, last - _AHEAD)
                await _views_at(target, watching, start + size)
                rates.append(size / (time.perf_counter() - began))
    return rates


def _positions(connection: psycopg.Connection) -> list[int]:
    """Of every view that answers."""
    rows = connection.execute(
        "SELECT c.position FROM ops.checkpoints c"
        " JOIN ops.projection_pointers p USING (name, version, generation)"
    )
    return [int(position) for (position,) in rows.fetchall()]


async def _views_at(base: Base, watching: psycopg.Connection, position: int) -> None:
    while True:
        if min(_positions(watching)) >= position:
            return
        await asyncio.sleep(_WATCH_EVERY_S)


@asynccontextmanager
async def _nats(base: Base) -> AsyncIterator[tuple[NatsConnection, str]]:
    """A connection, and the log's id that the subjects carry."""
    with base.session() as connection:
        found = connection.execute("SELECT log_id::text FROM log.head").fetchone()
    assert found is not None
    async with NatsConnection(base.embedded.urls()["TASKLEDGER_NATS_URL"], "bench") as nats:
        await nats.wait_connected(10)
        yield nats, found[0]


def _feed(connection: psycopg.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy("COPY log.events FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("UPDATE log.head SET position = %s", (rows[-1][0],))


async def _lags(base: Base, seconds: float) -> list[float]:
    """Milliseconds from the answer to each command until every view has it."""
    committed: list[tuple[int, float]] = []
    seen: list[tuple[int, float]] = []
    api = base.url("taskledger_api")
    async with (
        _nats(base) as (nats, log_id),
        store_over(api, _KEY, CommitWaker(nats, log_id)) as store,
    ):
        work = Work(3)
        for commit in work.beginning():
            await store.append(commit)
        upto: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        watching = asyncio.create_task(_watch(base, seen, upto))
        running: deque[asyncio.Task[None]] = deque()
        day = itertools.islice(work.day(), int(seconds * COMMANDS_A_SECOND))
        async for commit in paced(day, COMMANDS_A_SECOND):
            if len(running) == AT_ONCE:
                await running.popleft()
            running.append(asyncio.create_task(_commit(store, commit, committed)))
        await asyncio.gather(*running)
        upto.set_result(max(position for position, _ in committed))
        await asyncio.wait_for(watching, _CATCH_UP_S)
    reached = [position for position, _ in seen]
    return [
        (seen[bisect.bisect_left(reached, position)][1] - at) * 1000 for position, at in committed
    ]


async def _commit(
    store: PostgresEventStore, commit: Commit, committed: list[tuple[int, float]]
) -> None:
    receipt = await store.append(commit)
    committed.append((receipt.position, time.perf_counter()))


async def _watch(base: Base, seen: list[tuple[int, float]], upto: asyncio.Future[int]) -> None:
    """When the slowest view was first seen at which position, until it is at `upto`."""
    query = (
        "SELECT min(c.position) FROM ops.checkpoints c"
        " JOIN ops.projection_pointers p USING (name, version, generation)"
    )
    connecting = psycopg.AsyncConnection.connect(base.url(SUPERUSER), autocommit=True)
    async with await connecting as connection:
        while not upto.done() or not seen or seen[-1][0] < upto.result():
            row = await (await connection.execute(query)).fetchone()
            assert row is not None
            if not seen or row[0] > seen[-1][0]:
                seen.append((row[0], time.perf_counter()))
            await asyncio.sleep(_WATCH_EVERY_S)


if __name__ == "__main__":
    sys.exit(main())
