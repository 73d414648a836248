"""Notifications: how soon all who watch have a change, how many a second, a list of them."""

import argparse
import asyncio
import base64
import os
import statistics
import sys
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import psycopg

from bench.pace import answers_ms, paced
from bench.servers import Server, own_folder, parts, product
from bench.table import Row, p99, printed, verdict
from commands.commit import Commit, NewEvent
from domain.task.events import TaskStatusChanged
from domain.values.recorded import Origin
from domain.watching.events import WatchStarted
from domain.watching.state import watching_of
from domain.workspace.events import WorkspaceMemberAdded
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import SUPERUSER
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.keys.master import MasterKeys
from infra.nats.connection import NatsConnection
from infra.nats.wake import CommitWaker
from infra.postgres.pool import open_pool
from infra.tasks import cancelled

WATCHERS = 500
ALL_HAVE_IT_MS = 1_000
A_SECOND = 2_000
LIST_P99_MS = 20

_FEW = 50
_ROUNDS = 20
_SECONDS = 15
_LISTS = 1_000
_LISTS_A_SECOND = 50
_POLL_S = 0.004
_PATIENCE_S = 600.0
_AT_ONCE = 64

_HAVE_IT = "SELECT count(*) FROM {} WHERE task_id = %s AND last >= %s"
_TABLE = (
    "SELECT format('views.notifications_notifications_v%s_g%s', version, generation)"
    " FROM ops.projection_pointers WHERE name = 'notifications'"
)
_POSITION = (
    "SELECT c.position FROM ops.checkpoints c JOIN ops.projection_pointers p"
    " USING (name, version, generation) WHERE name = 'notifications'"
)


@dataclass(slots=True)
class Bench:
    """One owner with a token, in whose workspace all of it happens; `people` are the others."""

    store: PostgresEventStore
    client: httpx.AsyncClient
    database: psycopg.AsyncConnection
    owner: str
    workspace: str
    project: str
    people: Sequence[str]
    table: str

    async def record(self, stream: str, version: int, actor: str, *events: object) -> int:
        """Into the log as they are: what commands cost is measured elsewhere."""
        made = tuple(NewEvent(self.workspace, stream, each) for each in events)
        commit = Commit(
            command_id=os.urandom(16),
            workspace_id=self.workspace,
            main_stream=stream,
            origin=Origin(actor=actor),
            events=made,
            expected={stream: version},
        )
        return (await self.store.append(commit)).position

    async def task(self, watchers: Sequence[str]) -> str:
        body = {"title": "Watched", "project_id": self.project}
        answer = await self.client.post("/tasks", json=body)
        answer.raise_for_status()
        task: str = answer.json()["task_id"]
        watching = (WatchStarted(task_id=task, user_id=each) for each in watchers)
        await self.record(watching_of(task), 0, self.owner, *watching)
        return task

    async def change(self, task: str, version: int) -> int:
        """Somebody who is not among the watchers changes its status."""
        event = TaskStatusChanged(
            status="in_progress",
            category="in_progress",
            was="todo",
            was_category="todo",
            rank="h1",
        )
        return await self.record(task, version, self.people[-1], event)

    async def one(self, query: str, *params: object) -> int:
        cursor = await self.database.execute(query.encode(), params)
        row = await cursor.fetchone()
        return 0 if row is None else int(row[0])

    async def at(self, position: int) -> None:
        """Until the view is there."""

        async def is_there() -> bool:
            return await self.one(_POSITION) >= position

        await _until(is_there)

    async def have_it(self, task: str, position: int) -> None:
        """Until all who watch the task have its last change."""
        query = _HAVE_IT.format(self.table)

        async def all_do() -> bool:
            return await self.one(query, task, position) == WATCHERS

        await _until(all_do)


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            if await holds():
                return
            await asyncio.sleep(_POLL_S)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.notifications", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part of it, to see that it runs")
    options = parser.parse_args()
    with (
        own_folder() as folder,
        parts(folder / "parts") as embedded,
        product(embedded, folder / "data") as server,
    ):
        return asyncio.run(_measure(embedded, server, 3 if options.quick else _SECONDS))


async def _measure(embedded: EmbeddedParts, server: Server, seconds: int) -> int:
    async with _bench(embedded, server) as bench:
        took = await _all_have_it(bench)
        lags, rate = await _kept_up(bench, seconds)
        asked = ["/notifications?limit=50"] * _LISTS
        lists, failed = await answers_ms(bench.client, asked, _LISTS_A_SECOND)
        unread = (await bench.client.get("/notifications?limit=1")).json()["unread_count"]
    listed = f"a list of 50, {unread} unread of {unread}, {_LISTS_A_SECOND} a second"
    if failed:
        listed += f", {failed} failed"
    print(
        printed(
            [Row("notifications while there are more to make", [rate], at_least=A_SECOND)],
            "notifications/s",
        )
    )
    for what, values, most in (
        (f"a change that {WATCHERS} watch: all have it after", took, ALL_HAVE_IT_MS),
        (f"{A_SECOND} notifications a second for {seconds} s: after", lags, ALL_HAVE_IT_MS),
        (f"{listed}:", lists, LIST_P99_MS),
    ):
        at_99 = p99(values)
        print(verdict(at_99 < most, (
            f"{what} {statistics.median(values):.1f} ms, p99 {at_99:.1f} ms (under {most}), worst"
            f" {max(values):.1f} ms"
        )))  # fmt: skip
    return 0


async def _all_have_it(bench: Bench) -> list[float]:
    """Milliseconds from the answer to the change until the last of 500 has it; each time in a
    new task, so that every one of them is a new row."""
    took = []
    for _ in range(_ROUNDS):
        task = await bench.task([bench.owner, *bench.people[: WATCHERS - 1]])
        position = await bench.change(task, 1)
        began = time.perf_counter()
        await bench.have_it(task, position)
        took.append((time.perf_counter() - began) * 1000)
    return took


async def _kept_up(bench: Bench, seconds: int) -> tuple[list[float], float]:
    """Of changes that 50 watch, 2,000 notifications a second: milliseconds from each answer until
    the view has it. Then as many at once: notifications a second until all are made."""
    changes = seconds * A_SECOND // _FEW
    watchers = [bench.owner, *bench.people[: _FEW - 1]]
    tasks: list[str] = []
    for first in range(0, 2 * changes, _AT_ONCE):
        some = range(first, min(first + _AT_ONCE, 2 * changes))
        tasks += await asyncio.gather(*(bench.task(watchers) for _ in some))
    await bench.at(await bench.store.head())
    committed: list[tuple[int, float]] = []
    seen: list[tuple[int, float]] = []

    async def change(task: str) -> None:
        position = await bench.change(task, 1)
        committed.append((position, time.perf_counter()))

    watching = asyncio.create_task(_watch(bench, seen))
    async with asyncio.TaskGroup() as running:
        async for task in paced(tasks[:changes], A_SECOND / _FEW):
            running.create_task(change(task))
    last = max(position for position, _ in committed)

    async def all_seen() -> bool:
        return bool(seen) and seen[-1][0] >= last

    await _until(all_seen)
    await cancelled(watching)
    reached = [position for position, _ in seen]
    lags = [(seen[bisect_left(reached, position)][1] - at) * 1000 for position, at in committed]

    began = time.perf_counter()
    positions: list[int] = []
    for first in range(changes, 2 * changes, _AT_ONCE):
        some = tasks[first : first + _AT_ONCE]
        positions += await asyncio.gather(*(bench.change(each, 1) for each in some))
    await bench.at(max(positions))
    return lags, changes * _FEW / (time.perf_counter() - began)


async def _watch(bench: Bench, seen: list[tuple[int, float]]) -> None:
    while True:
        position = await bench.one(_POSITION)
        if not seen or position > seen[-1][0]:
            seen.append((position, time.perf_counter()))
        await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def _bench(embedded: EmbeddedParts, server: Server) -> AsyncIterator[Bench]:
    assert embedded.postgres is not None
    key = base64.b64decode(server.environment["TASKLEDGER_MASTER_KEY"])
    url = embedded.postgres.url_of("taskledger_api")
    pool = await open_pool(url)
    nats = NatsConnection(embedded.urls()["TASKLEDGER_NATS_URL"], "bench")
    wakers: list[CommitWaker] = []

    def wake(position: int) -> None:
        for waker in wakers:
            waker(position)

    store = PostgresEventStore(pool, MasterKeys(key), url, on_commit=wake)
    connecting = psycopg.AsyncConnection.connect(
        embedded.postgres.url_of(SUPERUSER), autocommit=True
    )
    address = f"{server.url}/api/v1"
    async with (
        await connecting as database,
        httpx.AsyncClient(base_url=address, timeout=30.0) as client,
        nats,
    ):
        await store.start()
        wakers.append(CommitWaker(nats, str(store.log_id)))
        name, password = "bench", "a long enough pass phrase"
        account = {"username": name, "email": "bench@example.org", "password": password}
        user = (await client.post("/users", json=account)).raise_for_status().json()
        login = await client.post("/users/login", json={"username": name, "password": password})
        client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        workspace = (await client.post("/workspaces", json={"name": "Bench"})).json()["id"]
        body = {"name": "Bench", "key": "BENCH", "workspace_id": workspace}
        project = (await client.post("/projects", json=body)).raise_for_status().json()["id"]
        people = [new_id("user") for _ in range(WATCHERS)]
        cursor = await database.execute(_TABLE)
        row = await cursor.fetchone()
        assert row is not None
        bench = Bench(store, client, database, user["id"], workspace, project, people, row[0])
        joined = (WorkspaceMemberAdded(user_id=each, role="member") for each in people)
        await bench.record(workspace, 1, bench.owner, *joined)
        try:
            yield bench
        finally:
            await store.close()
            await pool.close()


if __name__ == "__main__":
    sys.exit(main())
