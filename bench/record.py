"""The record: sealing, from a commit to its checkpoint, a bundle out and verified, proofs, and
what all this costs whoever writes.

`python -m bench record [--events N]`. One workspace has all the tasks, so that its bundle tells of
nearly every event. The cost needs wrk.
"""

import argparse
import asyncio
import os
import resource
import secrets
import statistics
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import httpx
import psycopg
import uvloop

from bench import wrk
from bench.company import Company
from bench.large import load
from bench.log import SIGNED, Base, await_signed, last_position, signed, store_over
from bench.pace import answers_ms, paced
from bench.servers import Server, own_folder, parts, product, wait_until
from bench.table import p99, spread, verdict
from bench.wrk import Call, Count
from commands.commit import Commit
from infra import logs
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import OWNER, SUPERUSER
from infra.event_store.store import PostgresEventStore
from infra.postgres.migrate import migrate
from infra.processes.collector import tune_collector

EVENTS: Final = 1_000_000
SEALED_A_SECOND: Final = 40_000
CHECKPOINT_P99_MS: Final = 1_000
COMMANDS_A_SECOND: Final = 500
A_MILLION_WITHIN_S: Final = 60
AT_MOST_MIB: Final = 500
PROOF_P99_MS: Final = 20
PROOFS_A_SECOND: Final = 100
AT_MOST_OF_THE_PROCESSOR: Final = 0.06

_EVENTS_A_TASK: Final = 2.9
_SEALED_WITHIN_S: Final = 1_800
_WATCH_EVERY_S: Final = 0.004
_PROJECTS: Final = 50
_ROUNDS: Final = 10
_ACCOUNT: Final = {"username": "bench", "password": "a long enough phrase"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.record", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fiftieth, to see that it runs")
    parser.add_argument("--events", type=int, default=EVENTS)
    options = parser.parse_args()
    events = EVENTS // 50 if options.quick else options.events
    seconds = 3.0 if options.quick else 15.0
    logs.configure("error", "bench")
    key = secrets.token_bytes(32)
    company = Company(1, int(events / _EVENTS_A_TASK), workspaces=1)
    with own_folder() as folder, parts(folder / "parts") as embedded:
        assert embedded.postgres is not None
        migrate(embedded.postgres.url_of(OWNER))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            tune_collector()
            _, head = runner.run(load(embedded, key, company))
            with product(embedded, folder / "product", master_key=key, roles="sealer") as server:
                _sealed(embedded, server, head)
                more = Company(2, int(seconds * COMMANDS_A_SECOND), workspaces=1)
                runner.run(_signed(embedded, key, more, seconds))
                _bundle(server, company, folder / "trail.bundle")
        # Proofs ask no view, and a million events in every view are another bench's.
        with product(embedded, folder / "product", master_key=key, roles="api,sealer") as server:
            asyncio.run(_proofs(server, head, seconds))
        if wrk.is_installed():
            _cost(embedded, key, folder, seconds)
        else:
            print("What it costs needs wrk (Debian's package of that name), which is missing.")
    return 0


def _sealed(embedded: EmbeddedParts, server: Server, head: int) -> None:
    with Base(embedded).session() as connection:
        began = time.perf_counter()
        wait_until(lambda: signed(connection) > 0, "something is signed", _SEALED_WITHIN_S)
        await_signed(connection, head, _SEALED_WITHIN_S)
        rate = head / (time.perf_counter() - began)
    print(verdict(rate >= SEALED_A_SECOND, (
        f"{head:,} events sealed from nothing, its start included: {rate:,.0f} a second (at least"
        f" {SEALED_A_SECOND:,}), {server.cpu_s() / head * 1e6:.1f} us of the processor each"
    )), flush=True)  # fmt: skip


async def _signed(embedded: EmbeddedParts, key: bytes, company: Company, seconds: float) -> None:
    """Milliseconds from the answer to each commit until a checkpoint holds its last event."""
    committed: list[tuple[int, float]] = []
    seen: list[tuple[int, float]] = []

    async def append(store: PostgresEventStore, commit: Commit) -> None:
        receipt = await store.append(commit)
        committed.append((receipt.position, time.perf_counter()))

    async with store_over(Base(embedded).url("taskledger_api"), key) as store:
        for commit in company.beginning():
            await store.append(commit)
        done = asyncio.Event()
        watching = asyncio.create_task(_watch(embedded, seen, committed, done))
        some = islice(company.tasks(), int(seconds * COMMANDS_A_SECOND))
        async with asyncio.TaskGroup() as running:
            async for commit in paced(some, COMMANDS_A_SECOND):
                running.create_task(append(store, commit))
        done.set()
        await asyncio.wait_for(watching, 60)
    sizes = [size for size, _ in seen]
    _told(
        f"from a commit to its checkpoint, {COMMANDS_A_SECOND} a second",
        [(seen[bisect_left(sizes, at)][1] - when) * 1000 for at, when in committed],
        CHECKPOINT_P99_MS,
    )


async def _watch(
    embedded: EmbeddedParts,
    seen: list[tuple[int, float]],
    committed: Sequence[tuple[int, float]],
    done: asyncio.Event,
) -> None:
    connecting = psycopg.AsyncConnection.connect(Base(embedded).url(SUPERUSER), autocommit=True)
    async with await connecting as connection:
        while True:
            (row,) = await (await connection.execute(SIGNED)).fetchall()
            if not seen or row[0] > seen[-1][0]:
                seen.append((row[0], time.perf_counter()))
            if done.is_set() and seen[-1][0] >= max(at for at, _ in committed):
                return
            await asyncio.sleep(_WATCH_EVERY_S)


def _bundle(server: Server, company: Company, out: Path) -> None:
    (workspace_id,) = company.workspaces
    for what, command in {
        "exported": ["export", "bundle", "--workspace", workspace_id, "--out", str(out)],
        "verified": ["verify", str(out)],
    }.items():
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "api.cli.main", *command],
            env={**os.environ, **server.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        # Of all that have ended, so of the second at least as much as of the first.
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        said = done.stdout.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        kept = done.returncode == 0 and largest <= AT_MOST_MIB and seconds <= A_MILLION_WITHIN_S
        print(verdict(kept, (
            f"{what} in {seconds:.1f} s (a million within {A_MILLION_WITHIN_S}), {largest} MiB at"
            f" most (at most {AT_MOST_MIB}): {said[0][:100]}"
        )), flush=True)  # fmt: skip


async def _proofs(server: Server, head: int, seconds: float) -> None:
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30.0) as client:
        made = await client.post("/users", json=_ACCOUNT | {"email": "bench@example.org"})
        made.raise_for_status()
        await _log_in(client)
        paths = (
            f"/audit/proof/inclusion?position={1 + secrets.randbelow(head)}"
            for _ in range(int(seconds * PROOFS_A_SECOND))
        )
        took, failed = await answers_ms(client, paths, PROOFS_A_SECOND)
    _told(f"a proof of inclusion, {PROOFS_A_SECOND} a second", took, PROOF_P99_MS, failed)


def _cost(embedded: EmbeddedParts, key: bytes, folder: Path, seconds: float) -> None:
    """How long commands take at a pace while the sealer is halted and beside it, in turn, and its
    part of the processors while they come as fast as they are answered."""
    halted: list[Count] = []
    beside: list[Count] = []
    with (
        product(embedded, folder / "doors", master_key=key, roles="api") as doors,
        product(embedded, folder / "product", master_key=key, roles="sealer") as sealer,
        Base(embedded).session() as connection,
    ):
        calls = asyncio.run(_creations(doors))
        round_s = seconds / 3
        wrk.drive(doors.url, calls, round_s, folder, a_second=COMMANDS_A_SECOND)  # to warm up
        for _ in range(_ROUNDS):
            with sealer.halted():
                halted.append(
                    wrk.drive(doors.url, calls, round_s, folder, a_second=COMMANDS_A_SECOND)
                )
                upto = last_position(connection)
            await_signed(connection, upto, _SEALED_WITHIN_S)
            beside.append(wrk.drive(doors.url, calls, round_s, folder, a_second=COMMANDS_A_SECOND))
        before, began = sealer.cpu_s(), time.perf_counter()
        most = wrk.drive(doors.url, calls, seconds, folder)
        spent = (sealer.cpu_s() - before) / (time.perf_counter() - began)
    without, with_it = ([count.p99_ms for count in counts] for counts in (halted, beside))
    print(verdict(statistics.median(with_it) <= max(without), (
        f"p99 of commands at {COMMANDS_A_SECOND} a second, {_ROUNDS} rounds in turn:"
        f" {spread(without, 1)} ms without the sealer, {spread(with_it, 1)} ms beside it;"
        f" p50 {spread([count.p50_ms for count in halted], 1)} ms without,"
        f" {spread([count.p50_ms for count in beside], 1)} ms beside"
    )), flush=True)  # fmt: skip
    share = spent / len(os.sched_getaffinity(0))
    print(verdict(share <= AT_MOST_OF_THE_PROCESSOR, (
        f"sealing takes {share:.1%} of the processors (at most {AT_MOST_OF_THE_PROCESSOR:.0%})"
        f" beside {most.per_second:,.0f} commands a second"
    )), flush=True)  # fmt: skip


async def _creations(server: Server) -> list[Call]:
    """Of tasks in many projects, by whoever asked for the proofs."""
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=30.0) as client:
        token = await _log_in(client)
        calls = []
        for number in range(_PROJECTS):
            body = {"name": f"Project {number}", "key": f"P{number}X"}
            made = (await client.post("/projects", json=body)).raise_for_status().json()
            task = {"project_id": made["id"], "title": "A task that came up as number @"}
            calls.append(Call("POST", "/api/v1/tasks", token, task))
        return calls


async def _log_in(client: httpx.AsyncClient) -> str:
    login = (await client.post("/users/login", json=_ACCOUNT)).raise_for_status().json()
    token: str = login["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return token


def _told(what: str, took: Sequence[float], most: float, failed: int = 0) -> None:
    at_99 = p99(took)
    print(verdict(at_99 <= most and not failed, (
        f"{what}: p50 {statistics.median(took):.1f} ms, p99 {at_99:.1f} ms (at most {most:.0f}),"
        f" worst {max(took):.1f} ms{f', {failed} failed' if failed else ''}"
    )), flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
