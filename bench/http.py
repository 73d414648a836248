"""Over HTTP: the product with its views live against the same tasks as plain rows.

Writing is measured twice: with the views of the spine alone, for which most of it was promised, and
with every view there is."""

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import jwt
import psycopg

from bench import wrk
from bench.servers import SPINE, Server, own_folder, parts, plain, product, wait_until
from bench.table import Row, printed
from bench.wrk import Call, Count

T = TypeVar("T")

USERS = 8
SPREAD = 250
TASKS = 2_000
COLUMNS = 8
CARDS_IN_COLUMN = 25
BEHIND_AT_MOST_S = 2.0
CAUGHT_UP_WITHIN_S = 5.0
CREATE_WITH_THE_SPINE = 1.8
CREATE_WITH_EVERY_VIEW = 1.3
_FILLING_AT_ONCE = 32
_DESCRIPTION = "What is known so far, in a few sentences as people write them. " * 4


@dataclass(frozen=True, slots=True)
class Filled:
    """What a server holds when the rounds begin."""

    url: str
    tokens: Sequence[str]
    people: Sequence[str]
    project: str
    spread: Sequence[str]
    tasks: Sequence[str]
    prefix: str
    board: str = ""

    def create(self, projects: Sequence[str]) -> list[Call]:
        return [
            Call("POST", f"{self.prefix}/tasks", random.choice(self.tokens), self._task(project))
            for project in projects
        ]

    def read(self) -> list[Call]:
        return [self._on(task, "GET", "") for task in self.tasks]

    def update(self) -> list[Call]:
        return [self._on(task, "PATCH", "", {"title": "Renamed to @"}) for task in self.tasks]

    def comment(self) -> list[Call]:
        body = {"text": f"Seen, and done as far as @ goes. {_DESCRIPTION}"}
        return [self._on(task, "POST", "/comments", body) for task in self.tasks]

    def list_of_50(self) -> list[Call]:
        path = f"{self.prefix}/tasks?project_id={self.project}&limit=50"
        return [Call("GET", path, token) for token in self.tokens]

    def draw_board(self) -> list[Call]:
        path = f"{self.prefix}/projects/{self.board}/board?cards={CARDS_IN_COLUMN}"
        return [Call("GET", path, token) for token in self.tokens]

    def _task(self, project: str) -> dict[str, object]:
        return {
            "project_id": project,
            "title": "A task that came up as number @",
            "description": _DESCRIPTION,
            "priority": 3,
            "assignee_id": random.choice(self.people),
            "tags": ["backend", "urgent"],
        }

    def _on(self, task: str, method: str, below: str, body: object = None) -> Call:
        return Call(method, f"{self.prefix}/tasks/{task}{below}", random.choice(self.tokens), body)


async def fill_product(server: Server) -> Filled:
    prefix = "/api/v1"
    async with httpx.AsyncClient(base_url=server.url + prefix, timeout=30.0) as client:

        async def post(path: str, token: str | None, body: object) -> dict[str, str]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = await client.post(path, json=body, headers=headers)
            answer.raise_for_status()
            made: dict[str, str] = answer.json()
            return made

        people, tokens, home = [], [], ""
        for number in range(USERS):
            name, password = f"bench{number}", "a long enough pass phrase"
            account = {"username": name, "email": f"{name}@example.org", "password": password}
            user = await post("/users", None, account)
            login = await post("/users/login", None, {"username": name, "password": password})
            people.append(user["user_id"])
            tokens.append(login["access_token"])
            home = home or user["default_workspace_id"]
        for person in people[1:]:
            await post(
                f"/workspaces/{home}/members", tokens[0], {"user_id": person, "role": "admin"}
            )
        projects = await _many(
            lambda number: post(
                "/projects",
                tokens[0],
                {"name": f"Project {number}", "key": f"P{number}X", "workspace_id": home},
            ),
            SPREAD + 2,
        )
        keys = [project["project_id"] for project in projects]
        filled = Filled(server.url, tokens, people, keys[0], keys[2:], (), prefix, keys[1])
        bodies = [call.body for call in filled.create([keys[0]] * TASKS)]
        made = await _many(lambda number: post("/tasks", tokens[0], bodies[number]), TASKS)
        await _fill_board(client, tokens[0], keys[1], filled)
    tasks = [task["task_id"] for task in made]
    return Filled(server.url, tokens, people, keys[0], keys[2:], tasks, prefix, keys[1])


async def _fill_board(client: httpx.AsyncClient, token: str, project: str, filled: Filled) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    statuses = [
        {"key": f"step_{n}", "name": f"Step {n}", "category": "in_progress"} for n in range(COLUMNS)
    ]
    answer = await client.put(
        f"/projects/{project}/workflow",
        json={
            "initial": "step_0",
            "statuses": statuses,
            "transitions": [
                {"from": f"step_{n}", "to": f"step_{n + 1}"} for n in range(COLUMNS - 1)
            ],
        },
        headers=headers,
    )
    answer.raise_for_status()
    bodies = [call.body for call in filled.create([project] * (COLUMNS * CARDS_IN_COLUMN))]

    async def post(number: int) -> None:
        body = bodies[number]
        assert isinstance(body, dict)
        card = {**body, "status": f"step_{number % COLUMNS}"}
        (await client.post("/tasks", json=card, headers=headers)).raise_for_status()

    await _many(post, len(bodies))


def fill_plain(server: Server) -> Filled:
    """By SQL: the yardstick has no accounts."""
    with psycopg.connect(server.database_url) as connection:

        def made(sql: str, *values: object) -> list[str]:
            return [str(row[0]) for row in connection.execute(sql, values)]

        people = made(
            "INSERT INTO users (username, name) SELECT 'bench' || n, 'Bench ' || n"
            " FROM generate_series(1, %s) n RETURNING id",
            USERS,
        )
        projects = made(
            "INSERT INTO projects (name) SELECT 'Project ' || n FROM generate_series(1, %s) n"
            " RETURNING id",
            SPREAD + 2,
        )
        connection.execute("INSERT INTO project_members SELECT u.id, p.id FROM users u, projects p")
        tasks = made(
            "INSERT INTO tasks (id, project_id, title, description, status, priority, assignee_id,"
            " creator_id, tags, created_at) SELECT gen_random_uuid(), %s, 'A task ' || n, %s,"
            " 'todo', 3, %s, %s, '{backend,urgent}', now() - n * interval '1 second'"
            " FROM generate_series(1, %s) n RETURNING id",
            *(projects[0], _DESCRIPTION, people[1], people[0], TASKS),
        )
    tokens = [jwt.encode({"sub": person}, server.secret, "HS256") for person in people]
    return Filled(server.url, tokens, people, projects[0], projects[2:], tasks, "")


async def _many(make: Callable[[int], Awaitable[T]], count: int) -> list[T]:
    """The results of `make(0)`, `make(1)` ... in order, a bounded number of them at once."""
    room = asyncio.Semaphore(_FILLING_AT_ONCE)

    async def one(number: int) -> T:
        async with room:
            return await make(number)

    return await asyncio.gather(*(one(number) for number in range(count)))


@dataclass(slots=True)
class Measured:
    """What came of one row over the rounds."""

    name: str
    ours: list[Count]
    theirs: list[Count]
    at_least: float | None
    lags: list[tuple[float, float]]

    def row(self) -> Row:
        return Row(
            self.name,
            [count.per_second for count in self.ours],
            [count.per_second for count in self.theirs],
            self.at_least,
            self._note(),
        )

    def _note(self) -> str:
        notes = [f"p99 {max(count.p99_ms for count in self.ours):.0f} ms"]
        if self.lags:
            behind, until = (max(values) for values in zip(*self.lags, strict=True))
            in_time = behind <= BEHIND_AT_MOST_S and until <= CAUGHT_UP_WITHIN_S
            notes.append(
                f"views {behind:.1f} s behind at the end, caught up after {until:.1f} s"
                f" ({BEHIND_AT_MOST_S:g} and {CAUGHT_UP_WITHIN_S:g}{'' if in_time else ': MISSED'})"
            )
        failed = sum(count.failed for count in (*self.ours, *self.theirs))
        if failed:
            notes.append(f"{failed} ANSWERS WERE NO SUCCESS")
        return "; ".join(notes)


def lag(server: Server) -> tuple[int, float]:
    """How far the view that is furthest behind is behind the log, in events and in seconds."""
    views = httpx.get(f"{server.url}/api/status", timeout=5.0).json()["views"].values()
    return max(view["lag_events"] for view in views), max(view["lag_seconds"] for view in views)


@dataclass(frozen=True, slots=True)
class Asked:
    """One row: what is asked of both, and what was promised."""

    name: str
    ours: list[Call]
    theirs: list[Call] | None
    at_least: float | None
    writes: bool = False


def written(ours: Filled, theirs: Filled, *, spine: bool) -> list[Asked]:
    create = CREATE_WITH_THE_SPINE if spine else CREATE_WITH_EVERY_VIEW
    views = "the spine's views" if spine else "every view"
    return [
        Asked(f"{what}, {views}", our_calls, their_calls, at_least, writes=True)
        for what, our_calls, their_calls, at_least in (
            (
                "create a task, one project",
                ours.create([ours.project] * 16),
                theirs.create([theirs.project] * 16),
                create,
            ),
            (
                f"create a task, {SPREAD} projects",
                ours.create(ours.spread),
                theirs.create(theirs.spread),
                create,
            ),
            ("update a title", ours.update(), theirs.update(), 1.3),
            ("add a comment", ours.comment(), theirs.comment(), 1.3),
        )
    ]


def read(ours: Filled, theirs: Filled) -> list[Asked]:
    board = f"board of {COLUMNS * CARDS_IN_COLUMN} cards, {COLUMNS} columns"
    return [
        Asked("read a task by id", ours.read(), theirs.read(), 4.0),
        Asked("list of 50", ours.list_of_50(), theirs.list_of_50(), 2.5),
        Asked(board, ours.draw_board(), None, 800.0),
    ]


def measure(
    rows: Sequence[Asked],
    ours: Server,
    theirs: Server,
    rounds: int,
    seconds: float,
    folder: Path,
) -> list[Measured]:
    found = [Measured(row.name, [], [], row.at_least, []) for row in rows]
    for number in range(rounds):
        for result, row in zip(found, rows, strict=True):
            print(f"  round {number + 1} of {rounds}: {row.name}", file=sys.stderr, flush=True)
            result.ours.append(wrk.drive(ours.url, row.ours, seconds, folder))
            if row.writes:
                _, behind_s = lag(ours)
                until_s = wait_until(lambda: lag(ours)[0] == 0, "every view has caught up")
                result.lags.append((behind_s, until_s))
            if row.theirs is not None:
                result.theirs.append(wrk.drive(theirs.url, row.theirs, seconds, folder))
    return found


def measured(*, spine: bool, rounds: int, seconds: float, only: str) -> list[Measured]:
    """The rows whose name holds `only`, on servers and data of their own."""
    with (
        own_folder() as folder,
        parts(folder / "parts") as embedded,
        product(embedded, folder / "product", views=SPINE if spine else None) as server,
        plain(embedded, folder / "plain") as yardstick,
    ):
        ours, theirs = asyncio.run(fill_product(server)), fill_plain(yardstick)
        wait_until(lambda: lag(server)[0] == 0, "every view has caught up")
        rows = [*written(ours, theirs, spine=spine), *([] if spine else read(ours, theirs))]
        rows = [row for row in rows if only in row.name]
        return measure(rows, server, yardstick, rounds, seconds, folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--seconds", type=float, help="of each round of each row (default 4)")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    options = parser.parse_args()
    if not wrk.is_installed():
        print("This measurement needs wrk (Debian's package of that name), which is missing.")
        return 1
    rounds, seconds = (1, 2.0) if options.quick else (5, 4.0)
    found = [
        result
        for spine in (True, False)
        for result in measured(
            spine=spine,
            rounds=rounds,
            seconds=options.seconds or seconds,
            only=options.only,
        )
    ]
    print(printed([result.row() for result in found], "requests/s: min / median / max"))
    failed = any(count.failed for result in found for count in (*result.ours, *result.theirs))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
