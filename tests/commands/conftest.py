"""People, a project and two processes that run commands over one log."""

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.execution import Executor, Outcome
from commands.ports import EventStore
from commands.project.create_project import CreateProject
from commands.registry import all_commands
from commands.task.create_task import CreateTask
from commands.user.register_user import RegisterUser
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.create_workspace import CreateWorkspace
from domain.project.state import PROJECT, Project
from domain.task.state import TASK, Task
from domain.values.limits import Limits
from domain.values.recorded import Origin, Recorded
from infra.ids import new_id
from tests.commands.memory_log import LogBoard, MemoryLog


@dataclass
class Process:
    """One process with a memory of its own."""

    executor: Executor
    store: Any

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
        return (await self.run(self.ann, command)).state(PROJECT)

    async def events(self, stream: str) -> list[Any]:
        return [each.event for each in await self.store.read_stream(stream)]

    async def log(self) -> list[Recorded]:
        return [each async for batch in self.store.read_log(0) for each in batch]


_ticks = itertools.count()
_BEGIN = datetime.now(UTC)


def _clock() -> datetime:
    """Shows another millisecond each time, by which cards are told apart."""
    return _BEGIN + timedelta(milliseconds=next(_ticks))


def process(store: EventStore, limits: Limits | None = None) -> Process:
    executor = Executor(
        registry=all_commands(),
        store=store,
        board=LogBoard(store),
        clock=_clock,
        new_id=new_id,
        secret=b"a secret of the tests",
        limits=limits,
    )
    return Process(executor, store)


@pytest.fixture(params=["memory"])
async def store(request: pytest.FixtureRequest) -> EventStore:
    return MemoryLog()


@pytest.fixture
async def house(store: EventStore) -> House:
    first, second = process(store), process(store)
    house = House(first.executor, store, second)
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
