"""Appends: our recorder against the eventsourcing library's own.

Both write events like those of a created task, one a commit, on one server with fsync on. The
library's is measured at the number of threads and processes that is best for it in this run; its
events come encoded and in the clear. Ours draw a number, assert three streams and touch a guard;
they come encoded as well, and then as the domain makes them, when encoding them and sealing their
title and description is measured along.
"""

import argparse
import asyncio
import itertools
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier
from typing import Any, Final

import uvloop
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from bench.log import empty_database, empty_log
from bench.servers import own_folder, parts
from bench.table import Row, p99, printed, verdict
from commands.commit import Commit, NewEvent
from domain.task.events import TaskCreated
from domain.values.recorded import Origin
from infra.embedded.postgres import OWNER
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.keys.master import MasterKeys
from infra.postgres.pool import open_pool
from infra.processes.collector import tune_collector

ROUNDS: Final = 5
AT_LEAST: Final = 12
P99_AT_MOST_MS: Final = 30

_COMMITS: Final = 25_000
_STOCK_SECONDS: Final = 3.0
_PROBE_SECONDS: Final = 1.0
_STOCK_THREADS: Final = (1, 2, 4, 8, 16, 64)
_STOCK_PROCESSES: Final = (1, 2)
_PROJECTS: Final = 50
_EVENTS: Final = 1_000
_STATE_BYTES: Final = 900  # about what ours come to, metadata included

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Way:
    """`sealing`: commits come as the domain makes them, and not encoded before."""

    processes: int
    waiting: int
    sealing: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one process: when it began and ended, what it appended, and how long each took."""

    began: float
    ended: float
    count: int
    latencies_ms: Sequence[float] = ()


_ALONE: Final = Way(1, 256)
_AT_64: Final = (Way(1, 64), Way(1, 64, sealing=True))
_WAYS: Final = (_ALONE, Way(2, 256), *_AT_64, Way(1, 256, sealing=True), Way(2, 256, sealing=True))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.append", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it, to see that it runs")
    options = parser.parse_args()
    commits = _COMMITS // 10 if options.quick else _COMMITS
    seconds = _STOCK_SECONDS / 10 if options.quick else _STOCK_SECONDS
    with own_folder() as folder, parts(folder) as embedded:
        stock = empty_database(embedded, "stock").url(OWNER)
        at_once = _best_of_stock(stock, seconds * _PROBE_SECONDS / _STOCK_SECONDS)
        theirs: list[float] = []
        ours: dict[Way, list[float]] = {way: [] for way in _WAYS}
        p99s: dict[Way, list[float]] = {way: [] for way in _AT_64}
        for round_number in range(ROUNDS):
            theirs.append(_rate(_stock_round(stock, at_once, seconds)))
            for number, (way, rates) in enumerate(ours.items()):
                url = empty_log(embedded, f"log_{round_number}_{number}").url("taskledger_api")
                found = _our_round(url, way, commits)
                rates.append(_rate(found))
                if way in p99s:
                    p99s[way].append(p99(found[0].latencies_ms))
    processes, threads = at_once
    note = f"theirs: {processes} process{'es' * (processes > 1)} of {threads} threads"
    rows = [
        Row(_named(way), rates, theirs, *((AT_LEAST, note) if way == _ALONE else ()))
        for way, rates in ours.items()
    ]
    print(printed(rows, "events/s: min / median / max", yardstick="library"))
    at_99 = statistics.median(p99s[_AT_64[0]])
    for way, found_ms in p99s.items():
        print(verdict(statistics.median(found_ms) < P99_AT_MOST_MS, (
            f"{_named(way)}: p99 {min(found_ms):.1f} / {statistics.median(found_ms):.1f}"
            f" / {max(found_ms):.1f} ms, {P99_AT_MOST_MS} at most"
        )))  # fmt: skip
    return 0 if rows[0].kept and at_99 < P99_AT_MOST_MS else 1


def _named(way: Way) -> str:
    who = "one process" if way.processes == 1 else "each of two processes"
    return f"append, {way.waiting} waiting in {who}{', encoding and sealing' * way.sealing}"


def _rate(found: Sequence[Measured]) -> float:
    elapsed = max(each.ended for each in found) - min(each.began for each in found)
    return sum(each.count for each in found) / elapsed


def _our_round(url: str, way: Way, commits: int) -> list[Measured]:
    return _together(way.processes, _append_ours, (url, way, commits))


def _append_ours(start: Barrier, url: str, way: Way, commits: int) -> Measured:
    return uvloop.run(_append_all(start, url, way, list(_made(commits))))


async def _append_all(start: Barrier, url: str, way: Way, commits: Sequence[Commit]) -> Measured:
    pool = await open_pool(url, max_size=2)
    store = PostgresEventStore(pool, MasterKeys(b"k" * 32), url)
    await store.start()
    for commit in _made(10):
        await store.append(commit)
    appends: list[Callable[[], Awaitable[object]]] = [
        partial(store.append, commit)
        if way.sealing
        else partial(store.append_encoded, await store.encoding.encode(commit))
        for commit in commits
    ]
    left = iter(appends)
    latencies: list[float] = []
    clock = time.perf_counter

    async def keep_appending() -> None:
        for append in left:
            asked = clock()
            await append()
            latencies.append(1_000 * (clock() - asked))

    tune_collector()
    await asyncio.to_thread(start.wait)
    began = time.monotonic()
    await asyncio.gather(*[keep_appending() for _ in range(way.waiting)])
    ended = time.monotonic()
    await store.close()
    await pool.close()
    return Measured(began, ended, len(commits), latencies)


def _made(commits: int) -> Iterator[Commit]:
    """Creations of tasks as commands make them, by a few people in some projects."""
    workspace = "ws_01h455vb4pex5vsknk084sn02q"
    projects = [f"proj_01h455vb4pex5vsknk084sn{number:03d}" for number in range(_PROJECTS)]
    people = [f"user_01h455vb4pex5vsknk084sn{number:03d}" for number in range(20)]
    events = [
        TaskCreated(
            project_id=projects[number % _PROJECTS],
            project_key="WEB",
            title=f"Customers on small screens cannot find the button, case {number}",
            description="Open the page on a phone and turn it. The button is gone. " * 4,
            status="todo",
            status_category="todo",
            priority=number % 10 + 1,
            rank=f"hZ{number:06d}",
            assignee_ids=(people[number % len(people)],),
            tags=("mobile", "checkout"),
        )
        for number in range(_EVENTS)
    ]
    origins = [Origin(person, request_id=new_id("key")) for person in people]
    for event, origin in itertools.islice(
        zip(itertools.cycle(events), itertools.cycle(origins), strict=False), commits
    ):
        stream, project = new_id("task"), event.project_id
        yield Commit(
            os.urandom(16),
            workspace,
            stream,
            origin,
            (
                NewEvent(
                    workspace,
                    stream,
                    event,
                    draws=f"task-number:{project}",
                    touches=(f"status:{project}:todo",),
                ),
            ),
            {workspace: 0, project: 0, stream: 0},
        )


def _best_of_stock(url: str, seconds: float) -> tuple[int, int]:
    """The number of processes, and of threads in each, at which it appends most."""
    ways = [
        (processes, threads)
        for processes in _STOCK_PROCESSES
        for threads in _STOCK_THREADS
        if processes == 1 or threads <= 8
    ]
    return max(ways, key=lambda way: _rate(_stock_round(url, way, seconds)))


def _stock_round(url: str, way: tuple[int, int], seconds: float) -> list[Measured]:
    processes, threads = way
    with _stock_recorder(url, 1) as recorder:
        recorder.create_table()
    return _together(processes, _append_stock, (url, threads, seconds))


def _append_stock(start: Barrier, url: str, threads: int, seconds: float) -> Measured:
    state = os.urandom(_STATE_BYTES)
    with _stock_recorder(url, threads) as recorder, ThreadPoolExecutor(threads) as pool:

        def keep_appending(_: int) -> int:
            count = 0
            while time.monotonic() < until:
                recorder.insert_events([StoredEvent(new_id("task"), 1, "TaskCreated", state)])
                count += 1
            return count

        until = time.monotonic() + 0.1
        list(pool.map(keep_appending, range(threads)))
        tune_collector()
        start.wait()
        began = time.monotonic()
        until = began + seconds
        count = sum(pool.map(keep_appending, range(threads)))
        return Measured(began, time.monotonic(), count)


@contextmanager
def _stock_recorder(url: str, connections: int) -> Iterator[PostgresApplicationRecorder]:
    given = conninfo_to_dict(url)
    datastore = PostgresDatastore(
        dbname=str(given["dbname"]),
        host=str(given["host"]),
        port=str(given["port"]),
        user=str(given["user"]),
        password=str(given["password"]),
        pool_size=connections,
        originator_id_type="text",
    )
    with datastore:
        yield PostgresApplicationRecorder(datastore)


def _together(
    processes: int, work: Callable[..., Measured], arguments: tuple[Any, ...]
) -> list[Measured]:
    """What several processes measured that began at the same moment."""
    start = _SPAWN.Barrier(processes)
    answers: Any = _SPAWN.Queue()
    running = [
        _SPAWN.Process(target=_answer, args=(answers, work, start, arguments))
        for _ in range(processes)
    ]
    for process in running:
        process.start()
    found = [answers.get() for _ in running]
    for process in running:
        process.join()
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return found


def _answer(
    answers: Any, work: Callable[..., Measured], start: Barrier, arguments: tuple[Any, ...]
) -> None:
    try:
        answers.put(work(start, *arguments))
    except BaseException as error:
        start.abort()
        answers.put(RuntimeError(repr(error)))


if __name__ == "__main__":
    sys.exit(main())
