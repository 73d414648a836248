"""Heads, guards, claims and sequences follow from the log, and are mended from it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from commands.commit import Claim
from infra.event_store import derived
from infra.event_store.derived import Difference, check, rebuild
from infra.event_store.store import PostgresEventStore
from infra.postgres.pool import Connection, open_pool
from tests.infra.event_store.made import (
    NUMBERS,
    PROJECT,
    WORKSPACE,
    a_stream,
    commit,
    creation,
    event,
)
from tests.real import Database

Superuser = psycopg.Connection[Any]
TABLES = ("stream_heads", "guards", "sequences", "claims")


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    pool = await open_pool(database.owner_url, max_size=1)
    async with pool.connection() as connection:
        yield connection
    await pool.close()


@pytest.fixture
async def past(store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log in which everything has happened; a stream of it. Read in small ranges."""
    monkeypatch.setattr(derived, "_RANGE", 7)
    ada, bob = a_stream("user"), a_stream("user")
    held = Claim("username", "ada", "username", ada)
    await asyncio.gather(*[store.append(creation()) for _ in range(20)])
    await store.append(commit(event(ada), claims=[held, replace(held, scope="email")]))
    await store.append(commit(event(ada), expected={ada: 1}, claims=[replace(held, holding=False)]))
    await store.append(commit(event(bob), claims=[replace(held, owner=bob)]))
    not_its_own = [replace(held, holding=False)]
    await store.append(commit(event(ada), expected={ada: 2}, claims=not_its_own))
    await store.append(commit(event(bob, touches=("access:ws", "access:ws")), expected={bob: 1}))
    await store.append(commit(expected={bob: 2}))
    return bob


async def test_a_log_that_was_only_appended_to_is_good(past: str, owner: Connection) -> None:
    findings = await check(owner)
    assert (findings.differing, findings.damage) == (0, ())
    assert findings.position == 25
    assert findings.good


async def test_every_wrong_row_is_found_and_mended(
    past: str, owner: Connection, store: PostgresEventStore, superuser: Superuser
) -> None:
    good = {table: _rows(superuser, table) for table in TABLES}
    superuser.execute("UPDATE log.stream_heads SET version = 9 WHERE stream = %s", (past,))
    superuser.execute("UPDATE log.guards SET position = 1")
    superuser.execute("UPDATE log.sequences SET value = 3")
    superuser.execute("DELETE FROM log.claims WHERE scope = 'email'")
    superuser.execute("INSERT INTO log.claims VALUES ('scope', 'x', 'nobody')")
    superuser.execute("INSERT INTO log.stream_heads VALUES ('task_none', 'ws', 1, 1)")

    found = await check(owner)
    assert found.differing == 7
    assert not found.good
    assert set(found.differences) >= {
        Difference("stream_heads", (past,), (WORKSPACE, 2, 25), (WORKSPACE, 9, 25)),
        Difference("stream_heads", ("task_none",), None, ("ws", 1, 1)),
        Difference("guards", (f"status:{PROJECT}:todo",), (20,), (1,)),
        Difference("sequences", (NUMBERS,), (20,), (3,)),
    }
    assert await rebuild(owner) == found
    assert {table: _rows(superuser, table) for table in TABLES} == good
    assert (await check(owner)).good
    assert (await store.append(creation())).numbers == (21,)


async def test_tables_that_are_empty_are_filled(
    past: str, owner: Connection, superuser: Superuser
) -> None:
    good = {table: _rows(superuser, table) for table in TABLES}
    for table in TABLES:
        superuser.execute(f"DELETE FROM log.{table}".encode())
    await rebuild(owner)
    assert {table: _rows(superuser, table) for table in TABLES} == good


async def test_what_is_wrong_with_the_log_itself_is_told(
    past: str, owner: Connection, superuser: Superuser
) -> None:
    superuser.execute("ALTER TABLE log.events DISABLE TRIGGER append_only")
    superuser.execute("DELETE FROM log.events WHERE position = 21")
    superuser.execute("DELETE FROM log.events WHERE position = 3")
    superuser.execute(
        "UPDATE log.events SET recorded_at = recorded_at - interval '1 day' WHERE position = 10"
    )
    damage = "\n".join((await check(owner)).damage)
    assert "positions 1 to 7 only 6" in damage
    assert "position 10 was recorded before" in damage
    assert "gave 19 numbers up to 20" in damage
    assert "has 2 events but version 3" in damage


async def test_appends_go_on_while_it_looks(
    past: str, owner: Connection, store: PostgresEventStore
) -> None:
    looking = asyncio.create_task(rebuild(owner))
    appended = 0
    while not looking.done():
        await store.append(creation())
        appended += 1
    assert (await looking).good
    assert appended
    assert (await check(owner)).good


def _rows(superuser: Superuser, table: str) -> list[Any]:
    return superuser.execute(f"SELECT * FROM log.{table} ORDER BY 1, 2".encode()).fetchall()
