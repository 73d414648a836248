"""Imports into a real log, without any view."""

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from commands.imports.importer import Importer, Place, Tools, surveyed
from commands.imports.reading import reading
from commands.imports.survey import Survey
from domain.user.state import USER
from domain.values.limits import Limits
from domain.values.recorded import Origin, Recorded
from infra.bootstrap import House, open_house
from infra.ids import new_id
from infra.imports.tools import import_tools
from infra.imports.xes import XesFile
from infra.people.accounts import Registration
from infra.settings import Settings
from tests.real import Database, Parts


class Office:
    """Somebody with a workspace of their own, who imports files into it."""

    def __init__(self, house: House, user_id: str, workspace_id: str) -> None:
        self.house = house
        self.user_id = user_id
        self.workspace_id = workspace_id

    @classmethod
    async def open(cls, house: House, name: str) -> "Office":
        wanted = Registration(
            username=name, email=f"{name}@example.org", password="a long pass phrase"
        )
        outcome = await house.accounts.register(wanted, lambda id_: Origin(actor=id_))
        user = outcome.state(USER)
        assert user.default_workspace_id is not None
        return cls(house, user.user_id, user.default_workspace_id)

    async def bring_in(
        self, file: Path, key: str = "HELP", *, skip_bad: bool = False
    ) -> tuple[Importer, Place]:
        """As the command does, from the first reading to the last commit."""
        log = XesFile(file)
        survey = surveyed(log, reading(log.header, None, Limits()))
        return await self.bring_in_surveyed(log, survey, key, skip_bad=skip_bad)

    async def bring_in_surveyed(
        self, log: XesFile, survey: Survey, key: str = "HELP", *, skip_bad: bool = False
    ) -> tuple[Importer, Place]:
        importer = Importer(
            self.house.executor, self.tools, Origin(actor=self.user_id, via="import"), log, survey
        )
        place = await self.place(key)
        await importer.bring_in(place, skip_bad=skip_bad)
        return importer, place

    async def place(self, key: str) -> Place:
        present = await self.house.store.claimed_by(f"project-key:{self.workspace_id}", key)
        return Place(self.workspace_id, present or new_id("proj"), key, "Help", bool(present))

    @property
    def tools(self) -> Tools:
        return import_tools(self.house.store, self.house.import_key)

    def task_id(self, place: Place, name: str) -> str:
        return self.tools.derive("task", "trace", place.project_id, name)

    async def history(self, place: Place, name: str) -> list[Recorded]:
        return list(await self.house.store.read_stream(self.task_id(place, name)))

    async def head(self) -> int:
        return await self.house.store.head()


@pytest.fixture
async def house(parts: Parts, database: Database) -> AsyncIterator[House]:
    settings = Settings(
        database_url=SecretStr(database.owner_url),
        api_database_url=SecretStr(database.api_url),
        nats_url=SecretStr(parts.nats_url),
        redis_url=SecretStr(parts.redis_url),
        master_key=SecretStr(base64.b64encode(os.urandom(32)).decode()),
        rate_limit_per_minute=0,
    )
    async with open_house(settings) as opened:
        yield opened


@pytest.fixture
async def office(house: House) -> Office:
    return await Office.open(house, "ines")


@pytest.fixture(scope="session")
def samples() -> Path:
    return Path(__file__).parents[2] / "samples"
