"""A million tasks on one box: loading them, rebuilding every view, and asking.

`python -m bench large [--tasks N] [--seconds S] [--folder F [--stage S]]`. Loaded is by appending
whole commits, as fast as the log takes them, with the views held; what commands cost is measured
elsewhere. In a folder of one's own all stays, and the same command goes on where it was cut off: at
the first view that does not stand yet, or at the questions.
"""

import argparse
import asyncio
import random
import secrets
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import httpx
import msgspec
import uvloop

from bench import opensearch, wrk
from bench.company import VOCABULARY, Company, Team
from bench.log import Base, await_signed, last_position, rebuilt, store_over
from bench.pace import answers_ms
from bench.servers import Server, own_folder, parts, product
from bench.table import Row, p99, printed, verdict
from bench.wrk import Call
from commands.commit import Commit, NewEvent
from domain.task.events import TaskAssigned, TaskCreated
from domain.values.recorded import Origin
from domain.workspace.events import WorkspaceMemberAdded
from infra import logs
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import OWNER
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
_SEALED_WITHIN_S: Final = 3_600
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


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a later run needs to know of the log: its master key, how much there is, and the teams
    of the workspace that is asked for."""

    key: bytes
    tasks: int
    events: int
    teams: Sequence[Team]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth, to see that it runs")
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each question")
    parser.add_argument("--folder", type=Path, help="all is kept there, and gone on with")
    parser.add_argument(
        "--stage",
        choices=("load", "rebuild", "ask", "opensearch"),
        help="this one alone, over what is kept; views that stand are rebuilt too",
    )
    options = parser.parse_args()
    tasks, seconds = (TASKS // 100, 3.0) if options.quick else (options.tasks, options.seconds)
    logs.configure("error", "bench")
    with own_folder(options.folder) as folder, parts(folder / "parts") as embedded:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            tune_collector()
            loaded = _loaded(runner, embedded, folder / "loaded.json", tasks)
            if options.stage in (None, "rebuild"):
                _rebuild(runner, embedded, loaded.key, all_=options.stage == "rebuild")
                print(_sizes(embedded, loaded), flush=True)
        if options.stage in (None, "ask"):
            with product(embedded, folder / "product", master_key=loaded.key) as server:
                # Nobody seals millions of events every day while others ask.
                with Base(embedded).session() as connection:
                    await_signed(connection, loaded.events, _SEALED_WITHIN_S)
                asyncio.run(_ask(embedded, loaded, server, seconds, folder))
                peaks = ", ".join(f"{peak} MiB" for peak in server.peaks_mib())
                print(f"The most memory that the product's processes took: {peaks}")
        if options.stage in (None, "opensearch"):
            _ask_opensearch(embedded, loaded, seconds, folder)
    return 0


def _loaded(runner: asyncio.Runner, embedded: EmbeddedParts, note: Path, tasks: int) -> Loaded:
    """What the folder has already, else as many tasks as are asked for."""
    base = Base(embedded)
    migrate(base.url(OWNER))
    if note.exists():
        return msgspec.json.decode(note.read_bytes(), type=Loaded)
    with base.session() as connection:
        is_begun = last_position(connection) > 0
    if is_begun:
        raise SystemExit("It was cut off while it was loaded: delete the folder, and begin again.")
    key, company = secrets.token_bytes(32), Company(1, tasks)
    seconds, events = runner.run(load(embedded, key, company))
    print(verdict(seconds <= LOADED_WITHIN_S * tasks / TASKS, (
        f"{tasks:,} tasks and {events:,} events loaded in {seconds:.0f} s,"
        f" {events / seconds:,.0f} a second (1,000,000 in {LOADED_WITHIN_S} s)"
    )), flush=True)  # fmt: skip
    loaded = Loaded(key, tasks, events, company.neighbours())
    note.write_bytes(msgspec.json.encode(loaded))
    return loaded


def _rebuild(runner: asyncio.Runner, embedded: EmbeddedParts, key: bytes, *, all_: bool) -> None:
    """Every view, or those alone that do not stand yet; each is told on stderr when it is done."""
    base = Base(embedded)
    with base.session() as connection:
        standing = connection.execute("SELECT name, version FROM ops.projection_pointers")
        stand = set() if all_ else set(standing.fetchall())
    rows = []
    for projection in VIEWS:
        if (projection.name, projection.version) not in stand:
            rate = runner.run(rebuilt(base.url("taskledger_worker"), key, projection))
            print(f"{projection.name}: {rate:,.0f} events/s", file=sys.stderr, flush=True)
            what = f"rebuild of {projection.name}"
            rows.append(Row(what, [rate], at_least=REBUILT_A_SECOND))
    print(printed(rows, "events/s"), flush=True)


async def load(embedded: EmbeddedParts, key: bytes, company: Company) -> tuple[float, int]:
    """Seconds, and how many events the log has then."""
    async with store_over(Base(embedded).url("taskledger_api"), key) as store:
        for commit in company.beginning():
            await store.append(commit)
        began = time.perf_counter()
        tasks = company.tasks()
        while some := list(islice(tasks, _AT_ONCE)):
            # What stands below a task comes after it, as nobody could have made it before.
            for is_below in (False, True):
                turn = [commit for commit in some if _is_below(commit) == is_below]
                await asyncio.gather(*(store.append(commit) for commit in turn))
        for commit in company.dependencies():
            await store.append(commit)
        return time.perf_counter() - began, await store.head()


def _is_below(commit: Commit) -> bool:
    made = commit.events[0].event
    return isinstance(made, TaskCreated) and made.parent_task_id is not None


async def _ask(
    embedded: EmbeddedParts, loaded: Loaded, server: Server, seconds: float, folder: Path
) -> None:
    """Every question, once all of them have been asked for a while by nobody who counts: what has
    just begun has neither its connections nor its memory as it will have them."""
    address = server.url + _PREFIX
    async with httpx.AsyncClient(base_url=address, timeout=30.0) as client:
        asker = await asker_of(embedded, loaded.key, client, loaded.teams)
        questions = _questions(asker)
        for paths, _ in questions.values():
            await answers_ms(client, _some(paths, seconds / len(questions)), PACE)
        for what, (paths, most) in questions.items():
            took, failed = await answers_ms(client, _some(paths, seconds), PACE)
            _told(what, took, failed, most)
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


def _told(what: str, took: Sequence[float], failed: int, most: float) -> None:
    at_99 = p99(took)
    print(verdict(at_99 <= most and not failed, (
        f"{what}, {PACE} a second: p50 {statistics.median(took):.1f} ms,"
        f" p99 {at_99:.1f} ms (at most {most:.0f}){f', {failed} failed' if failed else ''}"
    )), flush=True)  # fmt: skip


def _ask_opensearch(embedded: EmbeddedParts, loaded: Loaded, seconds: float, folder: Path) -> None:
    """The searches again, answered by OpenSearch once it has all tasks."""

    async def ask(server: Server) -> None:
        async with httpx.AsyncClient(base_url=server.url + _PREFIX, timeout=30.0) as client:
            asker = await asker_of(embedded, loaded.key, client, loaded.teams)
            level_s = await opensearch.until_it_answers(client)
            print(f"OpenSearch has all {loaded.tasks:,} tasks after {level_s:.0f} s", flush=True)
            paths = list(_searches(asker.teams))
            await answers_ms(client, _some(paths, seconds / 2), PACE)
            took, failed = await opensearch.searches_ms(client, _some(paths, seconds), PACE)
            _told("a search by OpenSearch", took, failed, 100)

    with opensearch.node() as url:
        if url is not None:
            place = folder / "product"
            with product(embedded, place, master_key=loaded.key, opensearch=url) as server:
                asyncio.run(ask(server))


async def asker_of(
    embedded: EmbeddedParts, key: bytes, client: httpx.AsyncClient, teams: Sequence[Team]
) -> Asker:
    """A new person among those of one workspace, who gets some of its tasks."""
    name = f"bench{secrets.token_hex(4)}"
    email = f"{name}@example.org"
    account = {"username": name, "email": email, "password": "a long enough phrase"}
    user = (await client.post("/users", json=account)).raise_for_status().json()
    proof = {name: account[name] for name in ("username", "password")}
    login = await client.post("/users/login", json=proof)
    token = login.raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    workspace_id, actor = teams[0].workspace_id, teams[0].people[0]
    mine = [task_id for team in teams for task_id in team.task_ids][:_MY_TASKS]
    given = TaskAssigned(assignee_ids=(user["id"],), was=())
    events = {
        workspace_id: WorkspaceMemberAdded(user_id=user["id"], role="member"),
        **dict.fromkeys(mine, given),
    }
    versions = _versions(embedded, list(events))
    async with store_over(Base(embedded).url("taskledger_api"), key) as store:
        for stream, event in events.items():
            commit = _commit(workspace_id, actor, stream, versions[stream], event)
            receipt = await store.append(commit)
    headers = {"X-Min-Log-Position": str(receipt.position)}
    for _ in range(_PATIENCE):
        if (await client.get("/user/tasks", headers=headers)).status_code == httpx.codes.OK:
            return Asker(client, token, teams)
    raise TimeoutError("the views do not follow the log")


def _versions(embedded: EmbeddedParts, streams: Sequence[str]) -> dict[str, int]:
    with Base(embedded).session() as connection:
        found = connection.execute(
            "SELECT stream, max(version) FROM log.events WHERE stream = ANY (%s) GROUP BY 1",
            (streams,),
        )
        return dict(found.fetchall())


def _commit(workspace_id: str, actor: str, stream: str, version: int, event: object) -> Commit:
    return Commit(
        command_id=secrets.token_bytes(16),
        workspace_id=workspace_id,
        main_stream=stream,
        origin=Origin(actor=actor),
        events=(NewEvent(workspace_id, stream, event),),
        expected={stream: version},
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
        "a search": (list(_searches(asker.teams)), 200),
    }


def _some(paths: Sequence[str], seconds: float) -> Sequence[str]:
    """As many of them, in any order, as are asked in so long."""
    return random.Random(3).choices(paths, k=int(seconds * PACE))


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


def _searches(teams: Sequence[Team]) -> Iterator[str]:
    """In the workspace and in a project: a word that most tasks have, one of ten and one of a
    hundred, two at once, the beginning of many, and one that is misspelt."""
    of_ten, of_hundred, other = (VOCABULARY[rank] for rank in (60, 700, 150))
    for words in ("invoice", of_ten, of_hundred, f"{of_ten}+{other}", other[:3], "custmer"):
        for within in (
            f"workspace_id={teams[0].workspace_id}",
            f"project_id={teams[0].project_id}",
        ):
            yield f"/search?q={words}&{within}&limit=50"


def _sizes(embedded: EmbeddedParts, loaded: Loaded) -> str:
    with Base(embedded).session() as connection:
        rows = connection.execute(_SIZES).fetchall()
    whole = sum(size for _, size in rows)
    lines = [
        f"{name:24} {size / 2**20:10,.1f} MiB, {size / loaded.tasks:,.0f} bytes a task,"
        f" {size / loaded.events:,.0f} an event"
        for name, size in (*rows, ("all", whole))
        if size * 100 > whole
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
