"""Whoever is alone is erased when they asked for it and whoever runs the product approved."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import Process
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from infra.erasure import rewriting as role
from infra.settings import child_environment
from tests.api.apart import own_product
from tests.api.client import Api
from tests.api.forgetting import rewriting
from tests.api.product import Product
from tests.real import Database
from tests.waiting import until

_HELD_UP: LiteralString = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
)
_CARRIED_OUT: LiteralString = (
    "SELECT count(*) FROM log.events WHERE type = 'ErasureCarriedOut.v1' AND workspace_id = %s"
)
_LEFT: LiteralString = "SELECT count(*) FROM keys.sealing_keys WHERE owner = %s"
_DESTROYED: LiteralString = "SELECT count(*) FROM keys.destroyed WHERE owner = %s"

product_database, product = own_product(smtp_url=None)


def mails(product: Product, somebody: Api) -> list[Path]:
    """Those about somebody that nobody sent."""
    return list((product.settings.data_dir / "mail").glob(f"*.{somebody.user_id}.eml"))


async def erase(product: Product, name: str, erasure_id: str) -> tuple[int, str, str]:
    done = await _erasing(product, name, erasure_id)
    out, said = await done.communicate()
    return done.returncode or 0, out.decode(), said.decode()


async def _erasing(product: Product, name: str, erasure_id: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli.main", "users", "erase", name, "--json"),
        *("--approve", erasure_id, "--by", "Olga Operator", "--reason", "A signed letter"),
        env=child_environment(product.settings.as_environment()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_an_operator_is_the_second_person_where_nobody_else_can_be(
    product: Product, nobody: Api
) -> None:
    alone, friend = await nobody.register(), await nobody.register()
    name, home = alone.user["username"], alone.user["default_workspace_id"]
    await alone.post("/tasks", {"title": "Mine alone"})
    until("a mail", 10, lambda: mails(product, alone))
    asked = await alone.post("/users/me/erasure", {})
    assert (asked["workspace_id"], asked["everywhere"]) == (home, True)
    await alone.refused(403, "forbidden", "POST", f"/erasures/{asked['id']}/approval")

    member = {"user_id": friend.user_id, "role": "admin"}
    await alone.post(f"/workspaces/{home}/members", member)
    code, out, said = await erase(product, name, asked["id"])
    assert (code, out) == (2, "")
    assert "only where there is nobody" in said
    theirs = await friend.post("/users/me/erasure", {"workspace_id": home})
    await alone.post(f"/erasures/{theirs['id']}/approval")  # a member still, who can do nothing

    code, out, said = await erase(product, name, asked["id"])
    assert code == 0, said
    done = json.loads(out)
    assert (done["state"], done["operator"]) == ("carried_out", "Olga Operator")
    assert done["steps"]["asked"]["user_id"] == alone.user_id
    assert done["steps"]["approved"]["user_id"] == "system"
    assert home in done["certificate"]["workspaces"]
    removed = done["certificate"]["removed"]
    assert (removed["accounts"], removed["mail_files"]) == (1, 1)
    assert mails(product, alone) == []
    again = await nobody.register(name)
    assert again.user_id != alone.user_id


@pytest.mark.parametrize("table", ["people.sessions", "keys.destroyed"])
async def test_what_a_killed_process_left_half_done_is_done_by_another_once(
    product: Product,
    product_database: Database,
    nobody: Api,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
) -> None:
    """Killed as soon as it was approved, or when the account is closed and the ids of the keys are
    written down."""
    alone = await nobody.register()
    name = alone.user["username"]
    await alone.post("/tasks", {"title": "Mine alone"})
    until("a mail", 10, lambda: mails(product, alone))
    asked = await alone.post("/users/me/erasure", {})
    connect = psycopg.AsyncConnection.connect
    async with await connect(product_database.superuser_url) as blocking:
        await blocking.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE".encode())
        half = await _erasing(product, name, asked["id"])
        deadline = time.monotonic() + 60
        while await _one(blocking, _HELD_UP, table) == 0:
            assert time.monotonic() < deadline, "it does not come so far"
            await asyncio.sleep(0.02)
        half.kill()
        await half.wait()
    monkeypatch.setattr(role, "_LEFT_AFTER", timedelta(0))
    monkeypatch.setattr(role, "_HEARD_WITHIN", timedelta(days=1))  # no view is built anew yet
    async with rewriting(product.settings) as turn:
        assert not await turn()
        assert not await turn()
    async with await connect(product_database.superuser_url) as connection:
        home = alone.user["default_workspace_id"]
        assert await _one(connection, _CARRIED_OUT, home) == 1
        assert await _one(connection, _LEFT, alone.user_id) == 0
        assert await _one(connection, _DESTROYED, alone.user_id) == 2
    assert mails(product, alone) == []
    assert (await nobody.register(name)).user_id != alone.user_id


async def _one(connection: psycopg.AsyncConnection[Any], sql: LiteralString, value: str) -> object:
    row = await (await connection.execute(sql, (value,))).fetchone()
    assert row is not None
    return row[0]
