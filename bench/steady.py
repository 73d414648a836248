"""At an even pace: the published average of millions of daily users and its peak, a thousand open
connections, and from a commit to each view that shows it.

`python -m bench steady [--seconds N]`. The average is that of five million daily users; the peak
three times as much. The yardstick of plain rows is asked for the average too, and says what the
machine gives at the time. Needs wrk.
"""

import argparse
import asyncio
import random
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from bench import opensearch, wrk
from bench.http import Filled, fill_plain, fill_product, lag
from bench.pace import paced
from bench.servers import Server, own_folder, parts, plain, product, wait_until
from bench.table import p99, verdict
from bench.wrk import Call, Count
from infra.embedded.parts import EmbeddedParts

READS_P99_MS: Final = 200.0
WRITES_P99_MS: Final = 500.0
BEHIND_S: Final = 1.0
PEAK: Final = 3

OPEN_CONNECTIONS: Final = 1_000
READS_OVER_THEM: Final = 2_000
OVER_THEM_P99_MS: Final = 100.0

COMMANDS_A_SECOND: Final = 300
VISIBLE_P99_MS: Final = 300.0
FOUND_P99_MS: Final = 1_500.0

_LOOKS_A_SECOND: Final = 5
_LAG_EVERY_S: Final = 0.25
# A pace that was fallen short of by more than this was not kept.
_KEPT_PACE: Final = 0.97


@dataclass(frozen=True, slots=True)
class Load:
    """Calls that are sent so many times a second, each as often as any other."""

    name: str
    calls: Sequence[Call]
    a_second: float
    p99_ms: float
    connections: int = wrk.CONNECTIONS

    def told(self, of: str, count: Count, note: str = "") -> str:
        """What came of it, and whether it is what was promised."""
        kept = (
            count.p99_ms <= self.p99_ms
            and count.failed == 0
            and count.per_second >= self.a_second * _KEPT_PACE
        )
        return verdict(kept, (
            f"{of}{self.name}: {count.per_second:,.0f} a second ({self.a_second:,.0f} wanted),"
            f" p50 {count.p50_ms:.0f} ms, p99 {count.p99_ms:.0f} ms (at most {self.p99_ms:.0f}),"
            f" {count.failed} failed{note}"
        ))  # fmt: skip


def average(filled: Filled, times: int = 1) -> Sequence[Load]:
    """Reads, creations, changes and comments, so many times as often as on average. Who has no
    board is asked for lists in its place."""
    boards = filled.draw_board() if filled.board else filled.list_of_50()
    reads = [*filled.read(), *filled.list_of_50() * 50, *boards * 25]
    random.Random(4).shuffle(reads)
    return [
        Load("reads", reads, 1_157 * times, READS_P99_MS),
        Load("creations", filled.create(filled.spread), 116 * times, WRITES_P99_MS),
        Load("changes", filled.update(), 231 * times, WRITES_P99_MS),
        Load("comments", filled.comment(), 58 * times, WRITES_P99_MS),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.steady", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three seconds of each")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each")
    options = parser.parse_args()
    if not wrk.is_installed():
        print("This measurement needs wrk (Debian's package of that name), which is missing.")
        return 1
    seconds = 3.0 if options.quick else options.seconds
    with (
        own_folder() as folder,
        parts(folder / "parts") as embedded,
    ):
        key = secrets.token_bytes(32)
        with (
            product(embedded, folder / "product", master_key=key) as server,
            plain(embedded, folder / "plain") as yardstick,
        ):
            filled = asyncio.run(fill_product(server))
            _caught_up(server)
            _with_views("the average", average(filled), server, seconds, folder)
            theirs = average(fill_plain(yardstick))
            _all_at_once("the average of plain CRUD", theirs, yardstick, seconds, folder)
            _with_views("its peak", average(filled, PEAK), server, seconds, folder)
            _over_many(filled, server, seconds, folder)
            asyncio.run(_visible(filled, server, seconds, folder))
        with opensearch.node() as url:
            if url is not None:
                place = folder / "product"
                with product(embedded, place, master_key=key, opensearch=url) as server:
                    asyncio.run(_found(filled, server, embedded, seconds, folder))
    return 0


def _with_views(
    what: str, loads: Sequence[Load], server: Server, seconds: float, folder: Path
) -> None:
    behind: list[float] = []
    ends = time.perf_counter() + seconds

    def look() -> None:
        while time.perf_counter() < ends:
            behind.append(lag(server)[1])
            time.sleep(_LAG_EVERY_S)

    _all_at_once(what, loads, server, seconds, folder, meanwhile=look)
    print(verdict(max(behind) <= BEHIND_S, (
        f"{what}: the view furthest behind was {statistics.median(behind):.2f} s behind,"
        f" {max(behind):.2f} s at most (at most {BEHIND_S:.0f}); caught up"
        f" {_caught_up(server):.1f} s after the end"
    )), flush=True)  # fmt: skip


def _all_at_once(
    what: str,
    loads: Sequence[Load],
    server: Server,
    seconds: float,
    folder: Path,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    with ExitStack() as running:
        counted = [running.enter_context(_driving(load, server, seconds, folder)) for load in loads]
        meanwhile()
        counts = [each() for each in counted]
    for load, count in zip(loads, counts, strict=True):
        print(load.told(f"{what}, ", count), flush=True)


def _over_many(filled: Filled, server: Server, seconds: float, folder: Path) -> None:
    load = Load(
        f"a task by id over {OPEN_CONNECTIONS:,} connections",
        filled.read(),
        READS_OVER_THEM,
        OVER_THEM_P99_MS,
        OPEN_CONNECTIONS,
    )
    with _driving(load, server, seconds, folder) as counted:
        count = counted()
    memory = ", ".join(f"{peak} MiB" for peak in server.peaks_mib())
    print(load.told("", count, f"; its processes took {memory} at most"), flush=True)


def _driving(
    load: Load, server: Server, seconds: float, folder: Path
) -> AbstractContextManager[Callable[[], Count]]:
    return wrk.driving(
        server.url, load.calls, seconds, folder, load.connections, a_second=load.a_second
    )


async def _visible(filled: Filled, server: Server, seconds: float, folder: Path) -> None:
    """Milliseconds from the answer to a creation until a view shows all up to there, while others
    create at a pace."""
    address = server.url + filled.prefix
    task = filled.create([filled.project])[0].body
    headers = {"Authorization": f"Bearer {filled.tokens[0]}"}
    views = {
        "list": f"/tasks?project_id={filled.spread[0]}&limit=50",
        "board": f"/projects/{filled.spread[0]}/board",
        "search": "/search?q=number&limit=5",
        "feed": f"/projects/{filled.spread[0]}/activity?limit=20",
    }
    took: dict[str, list[float]] = {view: [] for view in views}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30.0) as client:

        async def one(view: str) -> None:
            created = (await client.post("/tasks", json=task)).raise_for_status()
            began = time.perf_counter()
            least = {"X-Min-Log-Position": created.headers["X-Log-Position"]}
            (await client.get(views[view], headers=least)).raise_for_status()
            took[view].append((time.perf_counter() - began) * 1000)

        others = filled.create(filled.spread)
        with wrk.driving(
            server.url, others, seconds, folder, a_second=COMMANDS_A_SECOND
        ) as counted:
            looks = list(views) * int(seconds * _LOOKS_A_SECOND)
            async with asyncio.TaskGroup() as running:
                async for view in paced(looks, _LOOKS_A_SECOND * len(views)):
                    running.create_task(one(view))
            count = await asyncio.to_thread(counted)
    for view, waited in took.items():
        _waited(view, waited, count, VISIBLE_P99_MS)


async def _found(
    filled: Filled, server: Server, embedded: EmbeddedParts, seconds: float, folder: Path
) -> None:
    """The same until OpenSearch has the task."""
    address = server.url + filled.prefix
    headers = {"Authorization": f"Bearer {filled.tokens[0]}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30.0) as client:
        await opensearch.until_it_answers(client)
        others = filled.create(filled.spread)
        for _ in ("to warm up", "to be told"):  # a Java machine compiles what it has often done
            with wrk.driving(
                server.url, others, seconds, folder, a_second=COMMANDS_A_SECOND
            ) as counted:
                waited = await opensearch.until_it_has_ms(
                    client,
                    embedded,
                    filled.spread[0],
                    int(seconds * _LOOKS_A_SECOND),
                    _LOOKS_A_SECOND,
                )
                count = await asyncio.to_thread(counted)
    _waited("OpenSearch", waited, count, FOUND_P99_MS)


def _waited(view: str, waited: Sequence[float], count: Count, most: float) -> None:
    at_99 = p99(waited)
    print(verdict(at_99 <= most, (
        f"from a commit to its {view}, {count.per_second:,.0f} a second: p50"
        f" {statistics.median(waited):.0f} ms, p99 {at_99:.0f} ms (at most {most:.0f}, the question"
        " included)"
    )), flush=True)  # fmt: skip


def _caught_up(server: Server) -> float:
    return wait_until(lambda: lag(server)[0] == 0, "every view has caught up")


if __name__ == "__main__":
    sys.exit(main())
