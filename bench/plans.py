"""What PostgreSQL does for each question that the doors ask, written down as it did it.

`python -m bench.plans > docs/plans.md`. The product is asked over a filled log while PostgreSQL
notes the plan of every statement, those within functions too, as `auto_explain` has it. Ends with
1 where a table that grows was read from end to end.
"""

import argparse
import asyncio
import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psycopg
import uvloop

from bench.company import Company
from bench.large import Asker, asker_of, load
from bench.servers import own_folder, parts, product, wait_until
from infra import logs
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import DATABASE, OWNER, SUPERUSER
from infra.postgres.migrate import migrate

TASKS: Final = 20_000
# A table of fewer rows is read from end to end whatever indexes it has.
GROWN: Final = 1_000

_PREFIX: Final = "/api/v1"
_BUILT_WITHIN_S: Final = 500.0
_NOTED_WITHIN_S: Final = 30.0
_NOTING: Final = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_parameter_max_length": "0",
}
_WHO: Final = "taskledger api"
_ENTRY: Final = re.compile(rf"^{_WHO}\S* LOG:  duration: [\d.]+ ms  plan:$")
_COSTS: Final = re.compile(r"  \(cost=[^)]*\)(?: \(actual rows=([\d.]+) loops=(\d+)\)| \(never .*)")
_WHOLE: Final = re.compile(r"Seq Scan on (\w+)")
_GENERATION: Final = re.compile(r"_v\d+_g\d+")
_SHOWN: Final = re.compile(r"Scan|Cond|Filter|Join|Nested Loop|Limit|Sort|Function|Append|Unique")
_SECRET: Final = re.compile(r"'[^']*'::\w+(?:\[\])?|'\{[^}]*\}'(?:::\w+\[\])?")

_ABOUT: Final = """\
What PostgreSQL did for each question, made by `python -m bench.plans`: the steps of each statement
with the rows that each gave (times how often), over {tasks:,} tasks as real use has them, asked by
a member of one workspace. Generations are left out of names, and what was asked for is `'...'`.
Statements within functions stand beside those that call them. Where the same plan served twice, it
stands here once."""

# Asked of one project of one person's; what stands in braces is filled in.
QUESTIONS: Final[Mapping[str, Sequence[str]]] = {
    "A task by id, by key": ("/tasks/{task}", "/tasks/{key}-1"),
    "Tasks of a project, in each order": tuple(
        f"/tasks?project_id={{project}}&limit=50&sort_by={by}"
        for by in ("created_at", "updated_at", "due_date", "priority", "title", "key", "rank")
    ),
    "Tasks of a project, filtered": tuple(
        f"/tasks?project_id={{project}}&limit=50&{asked}"
        for asked in (
            "status=open", "status=done&sort=priority", "priority=high", "assignee_id={person}",
            "assignee_id=none", "creator_id={person}", "overdue=true", "is_blocked=true",
            "due_before=2030-01-01", "updated_after=2020-01-01T00:00:00Z", "q=invoice",
            "total=true",
        )
    ),
    "Tasks of a workspace": (
        "/tasks?workspace_id={workspace}&limit=50",
        "/tasks?workspace_id={workspace}&limit=50&sort=due_date&status=open",
        "/tasks?workspace_id={workspace}&limit=50&q=printer+budget",
    ),
    "My tasks": ("/user/tasks?limit=50", "/user/tasks?limit=50&sort=due_date&status=open"),
    "Subtasks, dependencies, comments, history of a task": (
        "/tasks/{task}/subtasks", "/tasks/{task}/dependencies", "/tasks/{task}/comments",
        "/tasks/{task}/dependencies/tree?direction=down", "/tasks/{task}/history",
    ),
    "The query language": (
        "/tasks?query=project+%3D+{key}+AND+priority+<%3D+3+ORDER+BY+due&limit=50",
        "/tasks?query=project+%3D+{key}+AND+status+WAS+in_progress&limit=50",
        "/tasks?query=project+%3D+{key}+AND+status+CHANGED+AFTER+-1w&limit=50",
    ),
    "A board, also by lanes": (
        "/projects/{project}/board", "/projects/{project}/board?swimlane=assignee",
    ),
    "The same list and the same board again": (
        "/tasks?project_id={project}&limit=49", "/projects/{project}/board?cards=24",
    ) * 3,
    "Search": (
        "/search?q=invoice&workspace_id={workspace}&limit=50",
        "/search?q=custmer&workspace_id={workspace}&limit=50",
        "/search?q=printer+budget&project_id={project}&limit=50",
    ),
    "Activity of a task, a project, a workspace, a person": (
        "/tasks/{task}/activity", "/projects/{project}/activity?limit=50",
        "/workspaces/{workspace}/activity?limit=50", "/users/{person}/activity?limit=50",
        "/workspaces/{workspace}/activity?limit=50&action=assigned",
        "/workspaces/{workspace}/activity?limit=50&actor_id={person}",
    ),
    "The feed of changes": ("/events?workspace_id={workspace}&after=0&limit=50",),
    "Projects, members, counts": (
        "/projects?workspace_id={workspace}", "/projects/{project}", "/projects/{project}/stats",
        "/projects/{project}/members", "/workspaces/{workspace}/members",
    ),
    "Notifications": ("/notifications?limit=50", "/notifications?limit=50&unread=true"),
    "Saved views, favourites, templates": ("/views", "/users/me/favourites", "/templates"),
    "A list, a board, a task and counts of then": (
        "/tasks?project_id={project}&limit=50&as_of={then}",
        "/projects/{project}/board?as_of={then}", "/tasks/{task}?as_of={then}",
        "/projects/{project}/stats?as_of={then}",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What was done for one statement, a step a line."""

    steps: tuple[str, ...]

    @property
    def shape(self) -> str:
        return re.sub(r"\d+", "", "\n".join(self.steps))

    @property
    def reads(self) -> bool:
        """Whether it looks at more than where the views stand."""
        return any(" on " in step and "checkpoints" not in step for step in self.steps)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.plans", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the tasks")
    options = parser.parse_args()
    tasks = TASKS // 5 if options.quick else TASKS
    logs.configure("error", "bench")
    key = secrets.token_bytes(32)
    company = Company(1, tasks)
    with own_folder() as folder, parts(folder / "parts") as embedded:
        assert embedded.postgres is not None
        superuser = embedded.postgres.url_of(SUPERUSER)
        migrate(embedded.postgres.url_of(OWNER))
        uvloop.run(load(embedded, key, company))
        with product(embedded, folder / "product", master_key=key) as server:
            wait_until(lambda: _built(server.url), "every view is built", _BUILT_WITHIN_S, 1.0)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            _note_plans(connection)
        log = folder / "parts" / "logs" / "postgresql.log"
        with product(embedded, folder / "product", master_key=key) as server:
            plans = asyncio.run(_asked(embedded, key, server.url, company, log))
        with psycopg.connect(superuser) as connection:
            grown = _grown(connection)
    print(_page(plans, tasks, grown))
    whole = _read_whole(plans, grown)
    for title, table in whole:
        print(f"{title}: all of {table} was read", file=sys.stderr)
    return 1 if whole else 0


def _built(url: str) -> bool:
    views = httpx.get(f"{url}/api/status", timeout=30.0).json()["views"].values()
    return bool(views) and all(view["lag_events"] == 0 for view in views)


def _note_plans(connection: psycopg.Connection) -> None:
    """Of every session that begins from now on, with who it is before each line."""
    for name, value in _NOTING.items():
        connection.execute(f"ALTER DATABASE {DATABASE} SET {name} = '{value}'".encode())
    connection.execute("ALTER SYSTEM SET log_line_prefix = '%a '")
    connection.execute("SELECT pg_reload_conf()")


async def _asked(
    embedded: EmbeddedParts, key: bytes, url: str, company: Company, log: Path
) -> dict[str, list[Plan]]:
    assert embedded.postgres is not None
    superuser = embedded.postgres.url_of(SUPERUSER)
    found: dict[str, list[Plan]] = {}
    async with httpx.AsyncClient(base_url=url + _PREFIX, timeout=60.0) as client:
        asker = await asker_of(embedded, key, client, company.neighbours())
        filled = await _filled(client, asker)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("SET log_min_duration_statement = 0")
            _noted(connection, log)
            for title, paths in QUESTIONS.items():
                for path in paths:
                    answer = await client.get(path.format(**filled))
                    if answer.is_error:
                        raise RuntimeError(f"{path}: {answer.text}")
                found[title] = list(_plans(_noted(connection, log)))
    return found


async def _filled(client: httpx.AsyncClient, asker: Asker) -> dict[str, str]:
    team = max(asker.teams, key=lambda each: each.size)
    board = (await client.get(f"/projects/{team.project_id}/board")).json()
    return {
        "task": team.task_ids[0],
        "key": team.key,
        "project": team.project_id,
        "workspace": team.workspace_id,
        "person": team.people[0],
        "then": str(board["position"] - 1),
    }


def _noted(connection: psycopg.Connection, log: Path) -> list[str]:
    """The lines of PostgreSQL's log since it was asked for them last."""
    mark = f"noted {secrets.token_hex(8)}"
    connection.execute(f"SELECT '{mark}'".encode())
    until = time.monotonic() + _NOTED_WITHIN_S
    while mark not in (text := log.read_text(errors="replace")):
        if time.monotonic() > until:
            raise TimeoutError("PostgreSQL's log does not come")
        time.sleep(0.05)
    lines = text.splitlines()
    marks = [number for number, line in enumerate(lines) if "statement: SELECT 'noted " in line]
    return lines[marks[-2] if len(marks) > 1 else 0 :]


def _plans(lines: Sequence[str]) -> Iterator[Plan]:
    """Each kind of plan once."""
    seen = set()
    for number, line in enumerate(lines):
        if not _ENTRY.match(line):
            continue
        entry: list[str] = []
        for each in lines[number + 1 :]:
            if not each.startswith("\t"):
                break
            entry.append(each[1:])
        plan = Plan(tuple(_steps(entry)))
        if plan.reads and plan.shape not in seen:
            seen.add(plan.shape)
            yield plan


def _steps(entry: Sequence[str]) -> Iterator[str]:
    """The plan without costs and values, from its first step on."""
    begun = False
    for line in entry:
        begun = begun or _COSTS.search(line) is not None  # what was planned alone never begins
        if begun and _SHOWN.search(line):
            step = _COSTS.sub(lambda met: f"  {_rows(met)}", line).rstrip()
            yield _SECRET.sub("'...'", _GENERATION.sub("", step))


def _rows(met: re.Match[str]) -> str:
    rows, loops = met[1], met[2]
    if rows is None:
        return "(not needed)"
    return f"({float(rows):.0f} rows)" if loops == "1" else f"({float(rows):.0f} rows x {loops})"


def _grown(connection: psycopg.Connection) -> dict[str, int]:
    rows = connection.execute(
        "SELECT c.relname, c.reltuples::bigint FROM pg_class AS c"
        " WHERE c.relkind = 'r' AND c.reltuples >= %s"
        " AND c.relnamespace IN ('views'::regnamespace, 'log'::regnamespace)",
        (GROWN,),
    ).fetchall()
    return {_GENERATION.sub("", name): count for name, count in rows}


def _read_whole(
    plans: Mapping[str, Sequence[Plan]], grown: Mapping[str, int]
) -> list[tuple[str, str]]:
    return [
        (title, table)
        for title, each in plans.items()
        for plan in each
        for step in plan.steps
        for table in _WHOLE.findall(step)
        if table in grown and "not needed" not in step
    ]


def _page(plans: Mapping[str, Sequence[Plan]], tasks: int, grown: Mapping[str, int]) -> str:
    sizes = ", ".join(f"`{name}` {count:,}" for name, count in sorted(grown.items()))
    whole = dict.fromkeys(f"`{table}` ({title})" for title, table in _read_whole(plans, grown))
    read = ", ".join(whole) or "none"
    pieces = [
        "# Plans",
        _ABOUT.format(tasks=tasks),
        f"Tables with {GROWN:,} rows or more, of which alone a scan says anything: {sizes}.",
        f"Of these, read in no order of an index: {read}.",
    ]
    for title, each in plans.items():
        asked = "\n".join(f"- `GET {path}`" for path in dict.fromkeys(QUESTIONS[title]))
        blocks = "\n\n".join("```\n" + "\n".join(plan.steps) + "\n```" for plan in each)
        pieces += [f"## {title}", asked, blocks]
    return "\n\n".join(pieces)


if __name__ == "__main__":
    sys.exit(main())
