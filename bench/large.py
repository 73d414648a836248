"""A million tasks on one box: loading them, rebuilding every view, and asking.

`python -m bench large [--tasks N] [--seconds S]`. Loaded is by appending whole commits, as fast as
the log takes them, with the views held; what commands cost is measured elsewhere.
"""

import argparse
import asyncio
import random
import secrets
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import httpx
import psycopg
import uvloop

from bench import wrk
from bench.company import Company, Team
from bench.log import Base, rebuilt, store_over
from bench.pace import answers_ms
from bench.servers import Server, own_folder, parts, product
from bench.table import Row, p99, printed, verdict
from bench.wrk import Call
from commands.commit import Commit, NewEvent
from domain.task.events import TaskAssigned
from domain.values.recorded import Origin
from domain.workspace.events import WorkspaceMemberAdded
from infra import logs
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import OWNER, SUPERUSER
from infra.postgres.migrate import migrate
from infra.processes.collector import tune_collector
from projections.registry import VIEWS

TASKS: Final = 1_000_000
LOADED_WITHIN_S: Final = 900
REBUILT_A_SECOND: Final = 25_000
PACE: Final = 50

_AT_ONCE: Final = 256
_MY_TASKS: Final = 200
# Each question waits for two seconds.
_PATIENCE: Final = 30
_KEPT_ASKED: Final = 1_000
_PREFIX: Final = "/api/v1"
_SIZES: Final = """
SELECT CASE n.nspname
        WHEN 'views' THEN regexp_replace(c.relname, '_v\\d+_g\\d+$', '') ELSE n.nspname
    END,
    sum(pg_total_relation_size(c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('log', 'views', 'record') AND c.relkind = 'r' GROUP BY 1 ORDER BY 2 DESC
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody in one of the workspaces, with tasks of their own, and everybody's tasks there."""

    client: httpx.AsyncClient
    token: str
    teams: Sequence[Team]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth, to see that it runs")
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each question")
    options = parser.parse_args()
    tasks, seconds = (TASKS // 100, 3.0) if options.quick else (options.tasks, options.seconds)
    logs.configure("error", "bench")
    key = secrets.token_bytes(32)
    company = Company(1, tasks)
    with own_folder() as folder, parts(folder / "parts") as embedded:
        assert embedded.postgres is not None
        migrate(embedded.postgres.url_of(OWNER))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            tune_collector()
            loaded, events = runner.run(load(embedded, key, company))
            print(verdict(loaded <= LOADED_WITHIN_S * tasks / TASKS, (
                f"{tasks:,} tasks and {events:,} events loaded in {loaded:.0f} s,"
                f" {events / loaded:,.0f} a second (1,000,000 in {LOADED_WITHIN_S} s)"
            )), flush=True)  # fmt: skip
            rebuilt = [
                Row(
                    f"rebuild of {projection.name}",
                    [runner.run(rebuilt(Base(embedded).url("taskledger_worker"), key, projection))],
                    at_least=REBUILT_A_SECOND,
                )
                for projection in VIEWS
            ]
        print(printed(rebuilt, "events/s"), flush=True)
        print(_sizes(embedded, tasks, events), flush=True)
        with product(embedded, folder / "product", master_key=key) as server:
            asyncio.run(_ask(embedded, key, server, company, seconds, folder))
            peaks = ", ".join(f"{peak} MiB" for peak in server.peaks_mib())
            print(f"The most memory that the product's processes took: {peaks}")
    return 0


async def load(embedded: EmbeddedParts, key: bytes, company: Company) -> tuple[float, int]:
    """Seconds, and how many events the log has then."""
    async with store_over(Base(embedded).url("taskledger_api"), key) as store:
        for commit in company.beginning():
            await store.append(commit)
        began = time.perf_counter()
        tasks = company.tasks()
        while some := list(islice(tasks, _AT_ONCE)):
            await asyncio.gather(*(store.append(commit) for commit in some))
        for commit in company.dependencies():
            await store.append(commit)
        return time.perf_counter() - began, await store.head()


async def _ask(
    embedded: EmbeddedParts,
    key: bytes,
    server: Server,
    company: Company,
    seconds: float,
    folder: Path,
) -> None:
    address = server.url + _PREFIX
    async with httpx.AsyncClient(base_url=address, timeout=30.0) as client:
        asker = await asker_of(embedded, key, client, company)
        for what, (paths, most) in _questions(asker).items():
            chance = random.Random(3)
            asked = (chance.choice(paths) for _ in range(int(seconds * PACE)))
            took, failed = await answers_ms(client, asked, PACE)
            at_99 = p99(took)
            print(verdict(at_99 <= most and not failed, (
                f"{what}, {PACE} a second: p50 {statistics.median(took):.1f} ms,"
                f" p99 {at_99:.1f} ms (at most {most:.0f}){f', {failed} failed' if failed else ''}"
            )), flush=True)  # fmt: skip
    if not wrk.is_installed():
        print("wrk is not installed: how much it takes at most was not measured")
        return
    rows = []
    for what, (paths, rate) in _full_load(asker).items():
        calls = [Call("GET", _PREFIX + path, asker.token) for path in paths]
        count = wrk.drive(server.url, calls, seconds, folder)
        note = f"p99 {count.p99_ms:.0f} ms, {count.failed} failed"
        rows.append(Row(what, [count.per_second], at_least=rate, note=note))
    calls = [Call("GET", _PREFIX + path, asker.token) for path in _tasks(asker)]
    many = wrk.drive(server.url, calls, seconds, folder, connections=1_000)
    note = f"p99 {many.p99_ms:.0f} ms, {many.failed} failed"
    rows.append(Row("task by id over 1,000 connections", [many.per_second], note=note))
    print(printed(rows, "answers/s"), flush=True)


async def asker_of(
    embedded: EmbeddedParts, key: bytes, client: httpx.AsyncClient, company: Company
) -> Asker:
    """A new person among those of one workspace, who gets some of its tasks."""
    account = {"username": "bench", "email": "b@example.org", "password": "a long enough phrase"}
    user = (await client.post("/users", json=account)).raise_for_status().json()
    proof = {name: account[name] for name in ("username", "password")}
    login = await client.post("/users/login", json=proof)
    token = login.raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    workspace_id = company.teams[0].workspace_id
    teams = [team for team in company.teams if team.workspace_id == workspace_id]
    mine = [task_id for team in teams for task_id in team.task_ids][:_MY_TASKS]
    async with store_over(Base(embedded).url("taskledger_api"), key) as store:
        joined = WorkspaceMemberAdded(user_id=user["id"], role="member")
        actor = teams[0].people[0]
        receipt = await store.append(_commit(workspace_id, actor, company, workspace_id, joined))
        for task_id in mine:
            given = TaskAssigned(assignee_ids=(user["id"],), was=())
            receipt = await store.append(_commit(workspace_id, actor, company, task_id, given))
    headers = {"X-Min-Log-Position": str(receipt.position)}
    for _ in range(_PATIENCE):
        if (await client.get("/user/tasks", headers=headers)).status_code == httpx.codes.OK:
            return Asker(client, token, teams)
    raise TimeoutError("the views do not follow the log")


def _commit(workspace_id: str, actor: str, company: Company, stream: str, event: object) -> Commit:
    return Commit(
        command_id=secrets.token_bytes(16),
        workspace_id=workspace_id,
        main_stream=stream,
        origin=Origin(actor=actor),
        events=(NewEvent(workspace_id, stream, event),),
        expected={stream: company.version(stream)},
    )


def _questions(asker: Asker) -> Mapping[str, tuple[Sequence[str], float]]:
    """What is asked at an even pace, and the milliseconds that it may take at the 99th place."""
    projects = [team.project_id for team in asker.teams]
    return {
        "a task by id": (_tasks(asker), 20),
        "a list of 50, filtered and sorted": (list(_lists(projects)), 50),
        "a board": ([f"/projects/{each}/board" for each in projects], 100),
        "my tasks": (["/user/tasks?limit=50"], 50),
        "a page of activity": ([f"/projects/{each}/activity?limit=50" for each in projects], 30),
        "a search": (list(_searches()), 200),
    }


def _full_load(asker: Asker) -> Mapping[str, tuple[Sequence[str], float]]:
    projects = [team.project_id for team in asker.teams]
    lists = [f"/tasks?project_id={each}&limit=50" for each in projects]
    again = (lists * (_KEPT_ASKED // len(lists) + 1))[:_KEPT_ASKED]
    boards = [f"/projects/{each}/board?cards=25" for each in projects]
    return {
        "task by id": (_tasks(asker), 8_000),
        "list of 50, filtered and sorted": (list(_lists(projects)), 2_000),
        "the same lists of 50 again": (again, 3_500),
        "the same boards again": (boards, 2_000),
    }


def _tasks(asker: Asker) -> Sequence[str]:
    ids = [task_id for team in asker.teams for task_id in team.task_ids]
    return [f"/tasks/{each}" for each in random.Random(2).sample(ids, min(2_000, len(ids)))]


def _lists(projects: Sequence[str]) -> Iterator[str]:
    for project in projects:
        for status in ("open", "done"):
            for sort in ("-created_at", "priority", "title"):
                yield f"/tasks?project_id={project}&status={status}&sort={sort}&limit=50"


def _searches() -> Iterable[str]:
    words = ("invoice", "printer budget", "custmer", "mob", "search export")
    return (f"/search?q={each.replace(' ', '+')}&limit=50" for each in words)


def _sizes(embedded: EmbeddedParts, tasks: int, events: int) -> str:
    assert embedded.postgres is not None
    with psycopg.connect(embedded.postgres.url_of(SUPERUSER)) as connection:
        rows = connection.execute(_SIZES).fetchall()
    whole = sum(size for _, size in rows)
    lines = [
        f"{name:24} {size / 2**20:10,.1f} MiB, {size / tasks:,.0f} bytes a task,"
        f" {size / events:,.0f} an event"
        for name, size in (*rows, ("all", whole))
        if size * 100 > whole
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
