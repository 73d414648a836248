"""A board of 4,000 cards in 250 columns: how long until it is there, and how much is sent.

`python -m bench boards`. One person asks for it again and again over loopback, packed and unpacked;
between two answers a card moves, so that none is given again.
"""

import argparse
import asyncio
import gzip
import os
import statistics
import sys
import time
from typing import Any, Final

import httpx

from bench.servers import own_folder, parts, product
from bench.table import verdict

CARDS: Final = 4_000
COLUMNS: Final = 250
AT_MOST_MS: Final = 150.0
AT_MOST_BYTES: Final = 1024 * 1024

_AT_ONCE: Final = 32
_ACCOUNT: Final = {
    "username": "bench",
    "email": "b@example.org",
    "password": "a long enough phrase",
}


async def _filled(client: httpx.AsyncClient, cards: int) -> tuple[str, list[str]]:
    """The project, and its tasks, spread over all columns."""

    async def sent(method: str, path: str, body: Any) -> dict[str, Any]:
        answer = await client.request(method, path, json=body)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made

    user = await sent("POST", "/users", _ACCOUNT)
    proof = {name: _ACCOUNT[name] for name in ("username", "password")}
    login = await sent("POST", "/users/login", proof)
    client.headers["Authorization"] = f"Bearer {login['access_token']}"
    project = (await sent("POST", "/projects", {"name": "A large one", "key": "LARGE"}))["id"]
    statuses = [
        {"key": f"step_{n}", "name": f"Step {n}", "category": "in_progress"} for n in range(COLUMNS)
    ]
    workflow = {"initial": "step_0", "statuses": statuses, "transitions": []}
    await sent("PUT", f"/projects/{project}/workflow", workflow)
    room = asyncio.Semaphore(_AT_ONCE)

    async def task(number: int) -> str:
        body = {
            "project_id": project,
            "title": f"A task that came up as number {number}",
            "status": f"step_{number % COLUMNS}",
            "assignee_id": user["user_id"],
            "tags": ["backend", "urgent"],
        }
        async with room:
            return str((await sent("POST", "/tasks", body))["id"])

    return project, await asyncio.gather(*(task(number) for number in range(cards)))


async def _draw(
    client: httpx.AsyncClient, project: str, tasks: list[str], coding: str, rounds: int
) -> tuple[list[float], int, int, int]:
    """Milliseconds of each answer; what was sent and what it says, in bytes; the cards shown."""
    took, sent, said, shown = [], 0, 0, 0
    for number in range(rounds):
        moved = await client.patch(f"/tasks/{tasks[number]}", json={"title": f"Moved {number}"})
        headers = {
            "Accept-Encoding": coding,
            "X-Min-Log-Position": moved.headers["X-Log-Position"],
        }
        await client.get(f"/projects/{project}/board?cards=0", headers=headers)
        began = time.perf_counter()
        async with client.stream("GET", f"/projects/{project}/board", headers=headers) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == httpx.codes.OK, raw
        packed = answer.headers.get("Content-Encoding") == "gzip"
        whole = gzip.decompress(raw) if packed else raw
        sent, said, shown = len(raw), len(whole), whole.count(b'"rank":')
    return took, sent, said, shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.boards", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    rounds = 8 if options.quick else 40
    os.environ["TASKLEDGER_MAX_STATUSES"] = str(COLUMNS)
    with (
        own_folder() as folder,
        parts(folder / "parts") as embedded,
        product(embedded, folder / "product") as server,
    ):
        return asyncio.run(_measure(server.url, rounds))


async def _measure(url: str, rounds: int) -> int:
    kept = True
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=60.0) as client:
        project, tasks = await _filled(client, CARDS)
        for coding in ("identity", "gzip"):
            took, sent, said, shown = await _draw(client, project, tasks, coding, rounds)
            median = statistics.median(took)
            print(
                f"{shown:,} cards in {COLUMNS} columns, {coding}: {sent:,} bytes sent of {said:,},"
                f" p50 {median:.0f} ms, worst {max(took):.0f} ms of {rounds}"
            )
            kept = kept and median <= AT_MOST_MS and (coding == "identity" or sent < AT_MOST_BYTES)
    print(verdict(kept, f"at most {AT_MOST_MS:.0f} ms, and {AT_MOST_BYTES:,} bytes packed"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
