"""`taskledger heads`, `incarnation` and `keys`, as an operator calls them."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys, new_key
from infra.settings import child_environment
from tests.infra.event_store.conftest import OpenStore
from tests.infra.event_store.made import a_stream, creation
from tests.real import Database

Run = Any


@pytest.fixture
def run(database: Database, tmp_path: Path) -> Run:
    def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "TASKLEDGER_DATABASE_URL": database.owner_url,
            "TASKLEDGER_DATA_DIR": str(tmp_path / "data"),
            **settings,
        }
        return subprocess.run(
            [sys.executable, "-m", "api.cli.main", *arguments, "--json"],
            capture_output=True,
            text=True,
            env=child_environment(environment),
            timeout=60,
            check=False,
        )

    return command


async def test_heads_are_checked_and_put_right(
    store: PostgresEventStore, run: Run, superuser: "psycopg.Connection[Any]"
) -> None:
    await store.append(creation())
    assert run("heads", "check").returncode == 0
    superuser.execute("UPDATE log.guards SET position = 99")
    wrong = run("heads", "check")
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["differences"][0]["found"] == [99]
    assert run("heads", "rebuild").returncode == 0
    assert run("heads", "check").returncode == 0


async def test_an_incarnation_is_declared(
    open_store: OpenStore, run: Run, master_key: bytes
) -> None:
    store = await open_store()
    key = base64.b64encode(master_key).decode()
    declared = run(
        "incarnation", "declare", "--reason", "the backup of Monday", TASKLEDGER_MASTER_KEY=key
    )
    assert declared.returncode == 0, declared.stderr
    log_id = json.loads(declared.stdout)["log_id"]
    assert log_id != str(store.log_id)
    assert str((await open_store()).log_id) == log_id


async def test_the_master_key_is_rotated(
    open_store: OpenStore, run: Run, master_key: bytes
) -> None:
    store = await open_store()
    stream = a_stream()
    await store.append(creation(stream))
    newer = new_key()
    both = ",".join(base64.b64encode(key).decode() for key in (newer, master_key))
    rotated = run("keys", "rotate", TASKLEDGER_MASTER_KEY=both)
    assert rotated.returncode == 0, rotated.stderr
    assert json.loads(rotated.stdout)["rewrapped"] == 2
    (recorded,) = await (await open_store(master=MasterKeys(newer))).read_stream(stream)
    assert recorded.event.title == "Fix the login"
    lost = run("keys", "rotate", TASKLEDGER_MASTER_KEY=base64.b64encode(new_key()).decode())
    assert lost.returncode == 2
    assert len(lost.stderr.splitlines()) == 1
