"""After an erasure no byte of the person is left in any file but the write-ahead log."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from redis.asyncio import Redis

from commands.imports.importer import Importer, Place, surveyed
from commands.imports.reading import reading
from commands.task.set_priority import SetPriority
from domain.values.limits import Limits
from domain.values.recorded import Origin
from infra.erasure.rewriting import Rewriter
from infra.ids import new_id
from infra.imports.tools import import_tools
from infra.imports.xes import XesFile
from infra.postgres.pool import Connection
from infra.processes import membership
from infra.processes.workplace import open_workplace
from infra.settings import Settings
from tests.api.client import Api
from tests.api.forgetting import NAMES, Needles, completed, named, rewriting, writes
from tests.api.product import Product, served, settings_of
from tests.real import Database, Parts, fresh_database
from tests.waiting import until

REWRITTEN_WITHIN_S = 60.0

_EVENT = (
    '<event><string key="concept:name" value="open"/><string key="org:resource" value="{}"/>'
    '<string key="note" value="{}"/></event>'
)


@pytest.fixture
def own(parts: Parts, migrated: str, tmp_path: Path) -> Iterator[tuple[Product, Database]]:
    """A product over a database of its own."""
    with fresh_database(parts, migrated) as database:
        settings = settings_of(parts, database, data_dir=tmp_path, smtp_url=None)
        with served(settings) as product:
            yield product, database


async def test_nothing_is_left_of_whoever_was_erased(
    own: tuple[Product, Database], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "DROP_AFTER_S", 0.5)  # tables of former generations
    product, database = own
    needle = Needles()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=product.base_url, timeout=20)
        )
        nobody = Api(http, product.house.access_tokens.issue)
        ada, carl = await nobody.register(), await nobody.register()
        workspace = await ada.post("/workspaces", {"name": "Firm"})
        members = f"/workspaces/{workspace['id']}/members"
        await ada.post(members, {"user_id": carl.user_id, "role": "admin"})
        bea = await named(nobody, needle)
        await ada.post(members, {"user_id": bea.user_id, "role": "admin"})
        project = await writes(bea, ada, workspace["id"], needle, NAMES)
        await _says_why(product, ada, bea.user_id, project, needle)
        await bea.post(members, {"email": f"{needle()}@example.org"})
        imported = await _imports(product, ada, workspace["id"], needle, parts)
        folders = {
            "parts": parts.postgres.folder.parent,
            "data": product.settings.data_dir,
        }
        await _settle(database, parts)
        assert needle.found_in(folders, "pg_wal"), "the views have them"
        kept = _keys_of(database, bea.user_id)
        asking = stack.enter_context(served(_elsewhere(product.settings, bea), views=False))
        there = await stack.enter_async_context(
            httpx.AsyncClient(base_url=asking.base_url, timeout=20)
        )
        doors = (ada, replace(ada, http=there))
        for door in doors * 2:  # what is asked twice is kept
            assert needle.in_text(await _told(door, workspace["id"], project))
        for person, by in ((bea.user_id, bea), (imported, ada)):
            body = {"workspace_id": workspace["id"], "content": True, "reason": needle()}
            asked = await by.post(f"/users/{person}/erasure", body)
            began = time.monotonic()
            approved = await carl.post(f"/erasures/{asked['id']}/approval")
            assert approved["state"] == "carried_out"
        async with rewriting(product.settings) as turn:
            with monkeypatch.context() as before:
                before.setattr(Rewriter, "_rewritten", _not_yet)
                gone = _out_of_sight(turn, needle, doors, workspace["id"], project)
                await asyncio.wait_for(gone, REWRITTEN_WITHIN_S)
            await asyncio.wait_for(completed(ada, asked["id"], turn), REWRITTEN_WITHIN_S)
        assert time.monotonic() - began < REWRITTEN_WITHIN_S
        await _settle(database, parts)
        assert needle.found_in(folders, "pg_wal") == []
        assert _mails(product.settings, f"*.{ada.user_id}.eml"), "mails of others stay"
        done = await ada.get(f"/erasures/{asked['id']}")
        assert set(done["certificate"]["views"]) >= {"tasks", "search", "past"}
        listed = (await ada.get(f"/tasks?workspace_id={workspace['id']}"))["tasks"]
        assert {each["title"] for each in listed} == {None, "A"}
        await _restored(product.settings, database, kept)
        assert _keys_of(database, bea.user_id) == []
        assert _account_of(database, bea.user_id) == ("suspended", None)


async def _says_why(
    product: Product, ada: Api, user_id: str, project_id: str, needle: Needles
) -> None:
    """With each change of a task the reason: by what asks for it beside the HTTP door."""
    listed = await ada.get(f"/tasks?project_id={project_id}")
    for task in listed["tasks"]:
        again = SetPriority(task_id=task["id"], priority_level=7)
        origin = Origin(actor=user_id, via="cli", reason=needle())
        outcome = await product.do(product.house.executor.execute([again], origin))
        ada.position = outcome.position
    feed = await ada.send("GET", f"/projects/{project_id}/activity")
    assert needle.planted[-1] in feed.text


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


def _elsewhere(settings: Settings, bea: Api) -> Settings:
    """Of another process, in whose own folder the same mails stand, which nobody sent."""
    there = settings.model_copy(update={"data_dir": settings.data_dir / "elsewhere"})
    for what in (f"*.{bea.user_id}.eml", "????????-????-????-????-????????????.eml"):
        until("a mail", 10, partial(_mails, settings, what))
    shutil.copytree(settings.data_dir / "mail", there.data_dir / "mail")
    return there


def _mails(settings: Settings, what: str) -> list[Path]:
    return list((settings.data_dir / "mail").glob(what))


def _keys_of(database: Database, user_id: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        return connection.execute(
            "SELECT * FROM keys.sealing_keys WHERE owner = %s", (user_id,)
        ).fetchall()


def _account_of(database: Database, user_id: str) -> tuple[Any, ...] | None:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(
            "SELECT state, password_hash FROM people.credentials WHERE user_id = %s", (user_id,)
        ).fetchone()


async def _restored(settings: Settings, database: Database, kept: list[tuple[Any, ...]]) -> None:
    """A backup from before is put back, and a process starts on it."""
    assert kept
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("DELETE FROM keys.destroyed")
        connection.execute("UPDATE people.credentials SET state = 'active', password_hash = 'x'")
        for row in kept:
            marks = ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO keys.sealing_keys VALUES ({marks})".encode(), row)
    async with open_workplace(settings, "test restored") as workplace:
        await workplace.unlock()


async def _not_yet(
    rewriter: Rewriter, session: Connection, horizon: datetime, *, is_urgent: bool
) -> bool:
    """In the place of building the views anew."""
    assert not is_urgent
    return False


async def _out_of_sight(
    turn: Callable[[], Awaitable[bool]],
    needle: Needles,
    doors: Sequence[Api],
    workspace_id: str,
    project_id: str,
) -> None:
    """Until no process gives a name any more, whatever it was asked for meanwhile."""
    while True:
        await turn()
        told = [await _told(door, workspace_id, project_id) for door in doors]
        if not any(map(needle.in_text, told)):
            return
        await asyncio.sleep(0.05)


async def _told(somebody: Api, workspace_id: str, project_id: str) -> str:
    """What the product shows of what was written."""
    paths = (
        f"/tasks?workspace_id={workspace_id}",
        f"/projects/{project_id}/board",
        f"/projects/{project_id}/activity",
        f"/search?workspace_id={workspace_id}&q=Meet",
        f"/workspaces/{workspace_id}/members",
    )
    return "".join([(await somebody.send("GET", path)).text for path in paths])


async def _settle(database: Database, parts: Parts) -> None:
    """What is in memory goes to the files, and tables that were dropped go from them."""
    redis = Redis.from_url(parts.redis_url)
    await redis.save()
    await redis.aclose()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM")
        connection.execute("CHECKPOINT")
