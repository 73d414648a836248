"""After an erasure no byte of the person is left in any file but the write-ahead log."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from commands.imports.importer import Importer, Place, surveyed
from commands.imports.reading import reading
from domain.values.limits import Limits
from domain.values.recorded import Origin
from infra.erasure.rewriting import Rewriter
from infra.ids import new_id
from infra.imports.tools import import_tools
from infra.imports.xes import XesFile
from infra.processes.background import tools_of
from infra.processes.executing import open_executor
from infra.processes.workplace import open_workplace
from infra.settings import Settings
from projections.registry import VIEWS
from tests.api.client import Api
from tests.api.product import Product, served, settings_of
from tests.real import Database, Parts, fresh_database

# `make proof` plants more.
NAMES = int(os.environ.get("FORGOTTEN_NAMES", "20"))
REWRITTEN_WITHIN_S = 60.0

_EVENT = (
    '<event><string key="concept:name" value="open"/><string key="org:resource" value="{}"/>'
    '<string key="note" value="{}"/></event>'
)


@pytest.fixture
def own(parts: Parts, migrated: str, tmp_path: Path) -> Iterator[tuple[Product, Database]]:
    """A product over a database of its own."""
    with fresh_database(parts, migrated) as database:
        settings = settings_of(parts, database, data_dir=tmp_path)
        with served(settings) as product:
            yield product, database


class Needles:
    """Names that nothing else has, each asked for once."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.planted: list[str] = []

    def __call__(self) -> str:
        name = f"{self._prefix}{len(self.planted):03d}q"
        self.planted.append(name)
        return name

    def found_in(self, folders: dict[str, Path], without: str) -> list[str]:
        """Where any of them stands, in whatever case, whole or cut short by half of a page."""
        sought = [self._prefix.encode(), self._prefix.capitalize().encode()]
        sought += [self._prefix.upper().encode()]
        found = []
        for what, folder in folders.items():
            for path in sorted(folder.rglob("*")):
                if path.is_file() and without not in path.parts:
                    content = path.read_bytes()
                    found += [f"{what}: {path}" for each in sought if each in content]
        return found


async def test_nothing_is_left_of_whoever_was_erased(
    own: tuple[Product, Database], parts: Parts
) -> None:
    product, database = own
    needle = Needles(
        "zq" + new_id("user")[-8:].translate(str.maketrans("0123456789", "abcdefghij"))
    )
    async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as http:
        nobody = Api(http, product.house.access_tokens.issue)
        ada, carl = await nobody.register(), await nobody.register()
        workspace = await ada.post("/workspaces", {"name": "Firm"})
        members = f"/workspaces/{workspace['id']}/members"
        await ada.post(members, {"user_id": carl.user_id, "role": "admin"})
        bea = await _bea(nobody, needle)
        await ada.post(members, {"user_id": bea.user_id, "role": "admin"})
        await _writes(bea, ada, workspace["id"], needle)
        imported = await _imports(product, ada, workspace["id"], needle, parts)
        folders = {
            "parts": parts.postgres.folder.parent,
            "data": product.settings.data_dir,
        }
        _settle(database)
        assert needle.found_in(folders, "pg_wal"), "the views have them"
        kept = _keys_of(database, bea.user_id)
        for person, by in ((bea.user_id, bea), (imported, ada)):
            body = {"workspace_id": workspace["id"], "content": True, "reason": needle()}
            asked = await by.post(f"/users/{person}/erasure", body)
            began = time.monotonic()
            approved = await carl.post(f"/erasures/{asked['id']}/approval")
            assert approved["state"] == "carried_out"
        async with _rewriting(product.settings) as rewriter:
            await asyncio.wait_for(_completed(ada, asked["id"], rewriter), REWRITTEN_WITHIN_S)
        assert time.monotonic() - began < REWRITTEN_WITHIN_S
        _settle(database)
        assert needle.found_in(folders, "pg_wal") == []
        done = await ada.get(f"/erasures/{asked['id']}")
        assert set(done["certificate"]["views"]) >= {"tasks", "search", "past"}
        listed = (await ada.get(f"/tasks?workspace_id={workspace['id']}"))["tasks"]
        assert {each["title"] for each in listed} == {None, "A"}
        await _restored(product.settings, database, kept)
        assert _keys_of(database, bea.user_id) == []


async def _bea(nobody: Api, needle: Needles) -> Api:
    bea = await nobody.register(needle())
    await bea.patch("/users/me", {"name": f"Bea {needle()}"})
    await bea.patch("/users/me", {"name": f"Bea {needle()}"})
    return bea


async def _writes(bea: Api, ada: Api, workspace_id: str, needle: Needles) -> None:
    project = await bea.post(
        "/projects",
        {"name": f"Of {needle()}", "description": needle(), "workspace_id": workspace_id},
    )
    field = {"key": "note", "name": "Note", "type": "text"}
    await bea.put(f"/projects/{project['id']}/fields", {"fields": [field]})
    while len(needle.planted) < NAMES:
        task = await bea.post(
            "/tasks",
            {
                "project_id": project["id"],
                "title": f"Call {needle()}",
                "description": f"**{needle()}** said",
                "fields": {"note": needle()},
                "assignee_ids": [ada.user_id],
            },
            headers={"X-Reason": needle()},
        )
        await bea.post(f"/tasks/{task['id']}/comments", {"text": f"Ask {needle()}"})
        await bea.patch(f"/tasks/{task['id']}", {"title": f"Meet {needle()}"})
        await ada.patch(f"/tasks/{task['id']}", {"priority_level": 2})
    await bea.post(
        "/views", {"name": needle(), "workspace_id": workspace_id, "query": f'title ~ "{needle()}"'}
    )
    ada.position = max(ada.position, bea.position)
    found = await ada.get(f"/search?workspace_id={workspace_id}&q=Meet")
    assert found["tasks"]


async def _imports(
    product: Product, ada: Api, workspace_id: str, needle: Needles, parts: Parts
) -> str:
    """A log in which somebody wrote; who that is."""
    path = product.settings.data_dir.parent / f"{workspace_id}.xes"
    who = f"Cid {needle()}"
    trace = _EVENT.format(who, needle()) + _EVENT.format(who, needle())
    path.write_text(
        f'<log><trace><string key="concept:name" value="A"/>{trace}</trace></log>',
        encoding="utf-8",
    )
    house = product.house

    async def bring_in() -> str:
        log = XesFile(path)
        survey = surveyed(log, reading(log.header, None, Limits()))
        tools = import_tools(house.store, house.import_key)
        origin = Origin(actor=ada.user_id, via="import")
        importer = Importer(house.executor, tools, origin, log, survey)
        place = Place(workspace_id, new_id("proj"), "HELP", "Help", False)
        await importer.bring_in(place, skip_bad=False)
        return tools.derive("user", "person", workspace_id, who)

    person = await product.do(bring_in())
    path.unlink()
    ada.position = await product.do(house.store.head())
    await ada.get(f"/tasks?workspace_id={workspace_id}")
    return person


@asynccontextmanager
async def _rewriting(settings: Settings) -> AsyncIterator[Any]:
    """Turns of the role that brings erasures to their end."""
    async with open_workplace(settings, "test eraser") as workplace:
        await workplace.unlock()
        opened = partial(open_executor, workplace, settings)
        rewriter = Rewriter(tools_of(workplace, settings, VIEWS, opened))
        async with workplace.sessions.open("test") as session, opened() as executor:
            yield partial(rewriter.turn, session, executor)


async def _completed(ada: Api, erasure_id: str, turn: Any) -> None:
    while (await ada.get(f"/erasures/{erasure_id}"))["state"] != "completed":
        await turn()
        await asyncio.sleep(0.05)


def _keys_of(database: Database, user_id: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        return connection.execute(
            "SELECT * FROM keys.sealing_keys WHERE owner = %s", (user_id,)
        ).fetchall()


async def _restored(settings: Settings, database: Database, kept: list[tuple[Any, ...]]) -> None:
    """A backup from before is put back, and a process starts on it."""
    assert kept
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("DELETE FROM keys.destroyed")
        for row in kept:
            marks = ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO keys.sealing_keys VALUES ({marks})".encode(), row)
    async with open_workplace(settings, "test restored") as workplace:
        await workplace.unlock()


def _settle(database: Database) -> None:
    """What is in memory goes to the files, and tables that were dropped go from them."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM")
        connection.execute("CHECKPOINT")
