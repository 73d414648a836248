"""A workspace's bundle goes on in another installation, with its chain, its texts and its past."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.cli.import_bundle import bring_in
from domain.record.trust import parse_keys
from domain.record.window import NotValid
from infra.event_store import derived
from infra.imports.bundle_file import BundleFile, NotImportable
from infra.postgres.pool import connected
from infra.processes.workplace import open_workplace
from infra.record.checking import check_keys, check_record
from infra.settings import child_environment
from tests.api.apart import own_product
from tests.api.client import Api
from tests.api.product import Product, served, settings_of
from tests.api.sealed import sealing
from tests.api.test_audit_exports import fetched
from tests.infra.processes.conftest import until
from tests.real import Database, Parts, fresh_database

DANS = "Dan's own"


product_database, product = own_product("function")


@pytest.fixture
def other(parts: Parts, migrated: str, tmp_path: Path) -> Iterator[tuple[Product, Database]]:
    """Another installation, served."""
    with (
        fresh_database(parts, migrated) as database,
        served(settings_of(parts, database, data_dir=tmp_path / "other")) as running,
    ):
        yield running, database


@pytest.fixture
async def there(other: tuple[Product, Database]) -> AsyncIterator[Api]:
    """Nobody yet, at the other installation."""
    product, _ = other
    async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as client:
        yield Api(client, product.house.access_tokens.issue)


class Firm:
    """Ada's workspace, in which Bea writes and from which Dan was forgotten."""

    def __init__(self, ada: Api, bea: Api, workspace_id: str, project_id: str) -> None:
        self.ada, self.bea = ada, bea
        self.id, self.project_id = workspace_id, project_id
        self.tasks: list[str] = []
        self.then = ""

    async def seen(self, who: Api) -> dict[str, Any]:
        """What somebody sees of it, but for what is an installation's own."""
        paths = (
            f"/tasks?project_id={self.project_id}&sort_by=key",
            f"/projects/{self.project_id}/board",
            f"/projects/{self.project_id}/workflow",
            *(f"/tasks/{task}" for task in self.tasks),
            *(f"/tasks/{task}/comments" for task in self.tasks),
            *(f"/tasks/{task}/activity" for task in self.tasks),
            f"/projects/{self.project_id}/stats",
            f"/tasks/{self.tasks[0]}/dependencies/tree?direction=down",
            f"/projects/{self.project_id}/board?as_of={self.then}",
            f"/tasks?project_id={self.project_id}&sort_by=key&as_of={self.then}",
            f"/projects/{self.project_id}/activity?as_of={self.then}",
            f"/projects/{self.project_id}/activity?to={self.then}",
            *(f"/tasks/{task}?as_of={self.then}" for task in self.tasks),
        )
        return {path: _alike(await who.get(path)) for path in paths}


def _alike(answer: Any) -> Any:
    """Without where things stand in the log, which entries are named by, and what people are
    called; where somebody was forgotten, views are built anew a while later."""
    if answer == DANS:
        return None
    if isinstance(answer, list):
        return [_alike(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    own = {"position", "activity_id"}
    own |= {"id"} if "activity_id" in answer else {"name"} if "user_id" in answer else set()
    return {name: _alike(value) for name, value in answer.items() if name not in own}


@pytest.fixture
async def firm(ada: Api, nobody: Api) -> Firm:
    workspace = (await ada.post("/workspaces", {"name": "Firm"}))["id"]
    bea, dan, carl = [await nobody.register() for _ in range(3)]
    for who, role in ((bea, "member"), (dan, "member"), (carl, "admin")):
        body = {"user_id": who.user_id, "role": role}
        await ada.post(f"/workspaces/{workspace}/members", body)
    project = await ada.post("/projects", {"name": "Site", "key": "SIT", "workspace_id": workspace})
    firm = Firm(ada, bea, workspace, project["id"])
    for who, title in ((bea, "Bea's own"), (dan, DANS), (ada, "Ada's own")):
        body = {"project_id": project["id"], "title": title, "tags": ["red"], "priority": 2}
        made = await who.post("/tasks", body)
        firm.tasks.append(made["id"])
        firm.then = made["created_at"]
    first, second, third = firm.tasks
    await bea.patch(f"/tasks/{first}", {"status": "in_progress", "assignee_id": ada.user_id})
    await ada.post(f"/tasks/{first}/comments", {"text": f"As @{bea.user['username']} says"})
    await ada.post(f"/tasks/{first}/dependencies", {"blocks_task_id": second})
    await ada.patch(f"/tasks/{third}", {"title": "Ada's new"})
    asked = await ada.post(
        f"/users/{dan.user_id}/erasure", {"content": True, "workspace_id": workspace}
    )
    await carl.post(f"/erasures/{asked['id']}/approval")

    async def forgotten() -> bool:
        erasure = await ada.get(f"/erasures/{asked['id']}")
        return bool(erasure["state"] in ("carried_out", "completed"))

    await until(forgotten, what="an erasure")
    return firm


async def _bundle(product: Product, firm: Firm, path: Path, **asked: Any) -> BundleFile:
    """Of the workspace as it is, verified by what its log publishes."""
    async with sealing(product):
        content = await fetched(firm.ada, workspace_id=firm.id, **asked)
    path.write_bytes(content)  # noqa: ASYNC240 - a test's own small file
    return BundleFile.checked(path, _keys(product))


def _published(product: Product) -> Path:
    return product.settings.record_dir() / "tlog" / "keys.json"


def _keys(product: Product) -> Any:
    return parse_keys(_published(product).read_bytes())


async def imported(product: Product, bundle: BundleFile, *options: str) -> dict[str, Any]:
    """What the command says, run beside a product."""
    command = ("import", "bundle", str(bundle.path), *options, "--json")
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "api.cli.main", *command),
        stdout=PIPE,
        stderr=PIPE,
        env=child_environment(product.settings.as_environment()),
    )
    told, why = await asyncio.wait_for(running.communicate(), 60)
    assert running.returncode == 0, why.decode()
    said: dict[str, Any] = json.loads(told.splitlines()[-1])
    return said


async def test_it_goes_on_elsewhere_with_the_same_chain_and_texts(
    product: Product, firm: Firm, other: tuple[Product, Database], there: Api, tmp_path: Path
) -> None:
    bundle = await _bundle(product, firm, tmp_path / "firm.bundle")
    elsewhere, database = other
    grace = await there.register("grace")
    await grace.task("In use already")
    before = await firm.seen(firm.ada)
    done = await imported(elsewhere, bundle, "--key", str(_published(product)), "--user", "grace")
    assert (done["tasks"], done["events"]) == (3, bundle.found.head_count)
    assert done["head"] == bundle.found.head_link.hex()
    grace.position = done["position"]
    assert await firm.seen(grace) == before
    assert (await grace.get(f"/tasks/{firm.tasks[0]}"))["title"] == "Bea's own"
    assert (await grace.get(f"/tasks/{firm.tasks[1]}"))["title"] is None
    once = await grace.get(f"/tasks/{firm.tasks[2]}?as_of={firm.then}")
    assert once["title"] == "Ada's own"
    home = await grace.get(f"/workspaces/{firm.id}")
    assert (home["owner_id"], home["name"]) == (grace.user_id, "Firm")

    assert (await bring_in(elsewhere.settings, bundle, "grace")).events == 0
    assert await firm.seen(grace) == before

    async with sealing(elsewhere):
        await until(lambda: _is_linked(database, bundle), what="the chain")
        await _is_as_signed(elsewhere)
    async with connected(database.owner_url) as owner:
        assert (await derived.check(owner)).good
        await owner.execute("UPDATE log.imports SET last_position = last_position + 1")
        wrong = await derived.rebuild(owner)
        assert [each.table for each in wrong.differences] == ["imports"]
        assert (await derived.check(owner)).good

    await grace.patch(f"/tasks/{firm.tasks[0]}", {"title": "Grace's own"})
    made = await grace.post("/tasks", {"project_id": firm.project_id, "title": "The next"})
    assert made["key"] == "SIT-4"
    taken = {"name": "Other", "key": "SIT", "workspace_id": firm.id}
    await grace.refused(409, "already-exists", "POST", "/projects", taken)
    since = await grace.get(f"/tasks/{firm.tasks[0]}/activity")
    assert since["activities"][0]["changes"]["old_value"] == "Bea's own"

    await _forget(grace, there, firm)
    titles = await grace.get(f"/tasks/{firm.tasks[0]}/history?field=title")
    assert [each["old_value"] for each in titles["history"]] == [None]
    with psycopg.connect(database.superuser_url) as connection:
        owned = "SELECT count(*) FROM keys.every_key WHERE owner = %s"
        assert connection.execute(owned, (firm.bea.user_id,)).fetchone() == (0,)
        lost = "SELECT count(*) FROM keys.field_keys"
        (left,) = connection.execute(lost).fetchone() or (0,)
        assert 0 < left < done["fields"]


async def _is_as_signed(product: Product) -> None:
    """The record and the keys, as `verify --database` looks at them."""

    def begin(total: int) -> Callable[[int], None]:
        return lambda done: None

    async with (
        open_workplace(product.settings, "test") as workplace,
        workplace.sessions.open("test") as session,
        workplace.pool.connection() as connection,
    ):
        await workplace.unlock()
        store, log_id = workplace.store, product.house.log_id
        checked = await check_record(session, store, product.settings, log_id, begin)
        await check_keys(connection, store, workplace.destroyed.ids(), checked, begin)


async def _is_linked(database: Database, bundle: BundleFile) -> bool:
    """Whether the sealer has come to the same end of the chain."""
    link = "SELECT link FROM record.entries WHERE workspace_id = %s AND count = %s"
    found = bundle.found
    async with connected(database.owner_url) as owner:
        row = await (await owner.execute(link, (found.workspace_id, found.head_count))).fetchone()
    if row is not None:
        assert bytes(row[0]) == found.head_link
    return row is not None


async def _forget(grace: Api, there: Api, firm: Firm) -> None:
    """Bea, by two who are at the other installation."""
    henry = await there.register()
    body = {"user_id": henry.user_id, "role": "admin"}
    await grace.post(f"/workspaces/{firm.id}/members", body)
    asked = await grace.post(
        f"/users/{firm.bea.user_id}/erasure", {"content": True, "workspace_id": firm.id}
    )
    henry.position = grace.position
    await henry.post(f"/erasures/{asked['id']}/approval")


async def test_what_is_not_whole_untouched_and_new_does_not_come_in(
    product: Product, firm: Firm, product_database: Database, tmp_path: Path
) -> None:
    bundle = await _bundle(product, firm, tmp_path / "firm.bundle")
    with pytest.raises(NotImportable, match="already"):
        await bring_in(product.settings, bundle, firm.ada.user["username"])
    content = bytearray(bundle.path.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.path.write_bytes(content)
    with pytest.raises(NotValid):
        BundleFile.checked(bundle.path, _keys(product))
    with pytest.raises((NotImportable, NotValid)):
        for _ in bundle.events():
            pass
    with pytest.raises(NotImportable, match="export it again without"):
        await _bundle(product, firm, tmp_path / "part", actor=firm.bea.user_id)
