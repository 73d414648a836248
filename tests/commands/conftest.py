"""People, a project and two processes that run commands over one log."""

import asyncio
import contextlib
import hashlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.commit import Commit, Receipt
from commands.execution import Executor, Outcome
from commands.ports import EventStore
from commands.project.add_member import AddProjectMember
from commands.project.add_team import AddProjectTeam
from commands.project.create_project import CreateProject
from commands.registry import all_commands
from commands.task.create_task import CreateTask
from commands.user.register_user import RegisterUser
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.add_team_member import AddTeamMember
from commands.workspace.create_team import CreateTeam
from commands.workspace.create_workspace import CreateWorkspace
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.values.limits import Limits
from domain.values.recorded import Origin, Recorded
from infra.event_store.store import PostgresEventStore
from infra.ids import new_id
from infra.keys.master import MasterKeys, new_key
from infra.postgres.pool import open_pool
from tests.commands.memory_log import LogBoard, LogComments, LogTrail, LogTrees, MemoryLog
from tests.real import Database


@dataclass
class Process:
    """One process with a memory of its own."""

    executor: Executor
    store: Any
    reader: EventStore

    async def run(
        self,
        actor: str,
        *commands: object,
        key: str | None = None,
        body: str = "",
        if_match: tuple[str, int] | None = None,
    ) -> Outcome:
        digest = hashlib.sha256(body.encode()).digest() if key is not None else None
        return await self.executor.execute(
            commands,
            Origin(actor),
            idempotency_key=key,
            digest=digest,
            if_match=if_match,
        )


@dataclass
class House(Process):
    """`ann` owns the workspace, `admin`, `bob` (member), `guest` and `auditor` are in it,
    `eve` is a stranger."""

    other: Process
    people: dict[str, str] = field(default_factory=dict)
    workspace_id: str = ""
    project_id: str = ""
    named: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    async def register(self, username: str) -> str:
        user_id = new_id("user")
        await self.run(
            user_id,
            RegisterUser(user_id=user_id, username=username, email=f"{username}@example.org"),
        )
        self.people[username] = user_id
        return user_id

    async def task(self, title: str = "Paint it", actor: str | None = None, **other: Any) -> Task:
        command = CreateTask(title=title, **{"project_id": self.project_id, **other})
        return (await self.run(actor or self.ann, command)).state(TASK)

    async def project(self, **other: Any) -> Project:
        command = CreateProject(**{"name": "Website", "workspace_id": self.workspace_id, **other})
        made = (await self.run(self.ann, command)).state(PROJECT)
        await self._name_in(made.project_id)
        return made

    async def let_in_by_projects(self, named: dict[str, str]) -> None:
        """Guests whom this project and every later one names: username -> role there. Every other
        one is named by a team."""
        for username in named:
            user_id = await self.register(username)
            await self.run(
                self.ann,
                AddWorkspaceMember(workspace_id=self.workspace_id, user_id=user_id, role="guest"),
            )
        for username in list(named)[::2]:
            await self.team_of(username)
        self.named |= named
        await self._name_in(self.project_id)

    async def _name_in(self, project_id: str) -> None:
        for username, role in self.named.items():
            team_id = self.teams.get(username)
            if team_id is None:
                user_id = self.people[username]
                named = AddProjectMember(project_id=project_id, user_id=user_id, role=role)
                await self.run(self.ann, named)
            else:
                team = AddProjectTeam(project_id=project_id, team_id=team_id, role=role)
                await self.run(self.ann, team)

    async def team_of(self, username: str) -> None:
        """From now on projects name this person as a team of one."""
        team_id = self.teams[username] = new_id("team")
        workspace_id, user_id = self.workspace_id, self.people[username]
        await self.run(
            self.ann, CreateTeam(workspace_id=workspace_id, team_id=team_id, name=username)
        )
        await self.run(
            self.ann, AddTeamMember(workspace_id=workspace_id, team_id=team_id, user_id=user_id)
        )

    async def events(self, stream: str) -> list[Any]:
        return [each.event for each in await self.store.read_stream(stream)]

    async def log(self) -> list[Recorded]:
        return [each async for batch in self.reader.read_log(0) for each in batch]


_ticks = itertools.count()
_BEGIN = datetime.now(UTC)


def _clock() -> datetime:
    """Shows another millisecond each time, by which cards are told apart."""
    return _BEGIN + timedelta(milliseconds=next(_ticks))


def process(store: Any, reader: EventStore, limits: Limits | None = None) -> Process:
    executor = Executor(
        registry=all_commands(),
        store=store,
        board=LogBoard(reader),
        comments=LogComments(reader),
        trees=LogTrees(reader),
        trail=LogTrail(reader),
        clock=_clock,
        new_id=new_id,
        secret=b"a secret of the tests",
        limits=limits,
    )
    return Process(executor, store, reader)


@dataclass
class Stores:
    """One log as two processes have it, and as a reader of all of it has it."""

    first: Any
    second: Any
    reader: EventStore


class Counted:
    """A store that counts what it is asked, and that can be made to wait."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.appends = 0
        self.reads = 0
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> asyncio.Event:
        """Appends wait until this is set."""
        self._open.clear()
        return self._open

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, commit: Commit) -> Receipt:
        self.appends += 1
        await self._open.wait()
        return await self._store.append(commit)

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        self.reads += 1
        return await self._store.read_stream(stream, after, upto)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test runs over the real log too, but where its module says that any log will do."""
    if "stores" in metafunc.fixturenames:
        any_log = getattr(metafunc.module, "WITH_ANY_LOG", False)
        logs = ["memory"] if any_log else ["memory", "postgres"]
        metafunc.parametrize("stores", logs, indirect=True)


@pytest.fixture
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        memory = MemoryLog()
        yield Stores(Counted(memory), Counted(memory), memory)
        return
    database: Database = request.getfixturevalue("database")
    key = new_key()
    async with contextlib.AsyncExitStack() as stack:

        async def opened(url: str) -> PostgresEventStore:
            pool = await open_pool(url, max_size=4)
            stack.push_async_callback(pool.close)
            store = PostgresEventStore(pool, MasterKeys(key), url)
            await store.start()
            stack.push_async_callback(store.close)
            return store

        first, second = await opened(database.api_url), await opened(database.api_url)
        reader = await opened(database.worker_url)
        yield Stores(Counted(first), Counted(second), reader)


@pytest.fixture
async def house(stores: Stores) -> House:
    first = process(stores.first, stores.reader)
    second = process(stores.second, stores.reader)
    return await furnished(House(first.executor, stores.first, stores.reader, second))


async def made_house(log: MemoryLog) -> House:
    """The same over a log in memory, without a fixture."""
    one = process(log, log)
    return await furnished(House(one.executor, log, log, one))


async def furnished(house: House) -> House:
    ann = await house.register("ann")
    made = await house.run(ann, CreateWorkspace(name="Acme"))
    house.workspace_id = made.main_stream
    for username, role in (
        ("admin", "admin"),
        ("bob", "member"),
        ("guest", "guest"),
        ("auditor", "auditor"),
    ):
        user_id = await house.register(username)
        await house.run(
            ann,
            AddWorkspaceMember(workspace_id=house.workspace_id, user_id=user_id, role=role),
        )
    await house.register("eve")
    house.project_id = (await house.project(key="WEB")).project_id
    return house
