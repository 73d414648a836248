"""What cannot be recorded, or is recorded and cannot be seen, is said within seconds."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.api.client import Api
from tests.api.test_audit import watched
from tests.real import Database
from tests.waiting import keeps_within

_SOON_S = 5.0


@contextmanager
def nothing_is_appended(database: Database) -> Iterator[None]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION log.append FROM taskledger_api")
        try:
            yield
        finally:
            connection.execute("GRANT EXECUTE ON FUNCTION log.append TO taskledger_api")


@contextmanager
def no_view_moves(database: Database) -> Iterator[None]:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid ="
            " c.relnamespace WHERE n.nspname = 'views' AND c.relname LIKE 'trail_events%'"
            " AND c.relkind = 'r'"
        ).fetchall()
        connection.execute(f"LOCK TABLE {', '.join(name for (name,) in found)}")
        yield


async def said_of_the_trail(nobody: Api, ok: bool) -> str | None:
    """Why, as soon as readiness says so of this part."""
    until = time.monotonic() + 30
    while True:
        part = (await nobody.get("!/readyz"))["parts"]["trail"]
        if part["ok"] is ok:
            why: str | None = part["why"]
            return why
        assert time.monotonic() < until, part
        await asyncio.sleep(0.05)


async def test_whom_the_trail_cannot_record_it_does_not_answer_and_an_alarm_is_raised(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    params = {"workspace_id": workspace_id}

    async def took_s() -> float:
        with nothing_is_appended(product_database):
            began = time.monotonic()
            answer = await auditor.send("GET", "/audit/events", params=params)
            assert answer.status_code >= 500
            assert "events" not in answer.json()
            why = await said_of_the_trail(nobody, False)
            raised_s = time.monotonic() - began
            assert why is not None
            assert why.startswith("reading not recorded since ")
            metrics = (await nobody.send("GET", "!/metrics")).text
            assert 'taskledger_trail_recordings_total{outcome="failed",what="reading"}' in metrics
            assert 'taskledger_part_up{part="trail"} 0.0' in metrics
        began = time.monotonic()
        await auditor.get("/audit/events", params=params)
        assert await said_of_the_trail(nobody, True) is None
        return max(raised_s, time.monotonic() - began)

    await keeps_within(_SOON_S, took_s)


async def test_a_trail_that_falls_behind_the_log_is_said_to(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    async def took_s() -> float:
        await ada.task("Seen: who may make one is known from here on")
        await said_of_the_trail(nobody, True)
        with no_view_moves(product_database):
            began = time.monotonic()
            await ada.task("Not seen yet")
            why = await said_of_the_trail(nobody, False)
            raised_s = time.monotonic() - began
            assert why is not None
            assert "behind" in why
        began = time.monotonic()
        await said_of_the_trail(nobody, True)
        return max(raised_s, (time.monotonic() - began) / 2)

    await keeps_within(_SOON_S, took_s)
