"""Nobody changes the log but by appending, and a tenant's events are its own."""

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors

from domain.user.events import UserLocaleChanged
from domain.values.ids import SYSTEM_WORKSPACE
from infra.event_store.store import LogIncomplete, PostgresEventStore
from infra.postgres.pool import open_pool
from infra.postgres.scoped import fetch_scoped
from tests.infra.event_store.conftest import OpenStore
from tests.infra.event_store.made import a_stream, commit, creation, event
from tests.real import Database

ROLES: dict[str, Callable[[Database], str]] = {
    "api": lambda database: database.api_url,
    "worker": lambda database: database.worker_url,
    "search": lambda database: database.search_url,
}
CHANGES = [
    "INSERT INTO log.events VALUES (99, now(), 1, 1, 'ws', 'stream', 'type', '', '')",
    "UPDATE log.events SET type = 'other'",
    "DELETE FROM log.events",
    "TRUNCATE log.events",
    "UPDATE log.head SET position = 0",
    "SELECT FROM log.head FOR UPDATE",
    "UPDATE log.commits SET main_version = 0",
    "DELETE FROM log.commits",
    "INSERT INTO log.claims VALUES ('scope', '', 'owner')",
    "DELETE FROM log.stream_heads",
    "UPDATE log.guards SET position = 0",
    "UPDATE log.sequences SET value = 1",
    "DELETE FROM log.incarnations",
    "DELETE FROM keys.sealing_keys",
    "UPDATE keys.root SET wrapped = ''",
    "ALTER TABLE log.events DISABLE TRIGGER append_only",
    "DROP FUNCTION log.append",
    "CREATE TABLE log.mine (a int)",
]


async def test_no_role_changes_the_log(store: PostgresEventStore, database: Database) -> None:
    await store.append(creation())
    allowed = [
        (role, change)
        for role, url in ROLES.items()
        for change in CHANGES
        if not _refused(url(database), change)
    ]
    assert allowed == []


async def test_not_even_the_owner_changes_what_was_appended(
    store: PostgresEventStore, database: Database
) -> None:
    await store.append(creation())
    columns = {"events": "type", "commits": "main_stream", "incarnations": "reason"}
    allowed = [
        change
        for url in (database.owner_url, database.superuser_url)
        for table, column in columns.items()
        for change in (
            f"UPDATE log.{table} SET {column} = {column}",
            f"DELETE FROM log.{table}",
            f"TRUNCATE log.{table}",
        )
        if not _refused(url, change)
    ]
    assert allowed == []


def _refused(url: str, change: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute(change.encode())
        except errors.InsufficientPrivilege:
            return True
    return False


def test_who_may_append(database: Database) -> None:
    may = {}
    for role, url in ROLES.items():
        with psycopg.connect(url(database), autocommit=True) as connection:
            row = connection.execute(
                "SELECT bool_and(has_function_privilege(p.oid, 'EXECUTE')), current_user,"
                " (SELECT usesuper FROM pg_user WHERE usename = current_user)"
                " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
                " WHERE n.nspname = 'log' AND p.proname = 'append'"
            ).fetchone()
            may[role] = row
    assert may == {
        "api": (True, "taskledger_api", False),
        "worker": (True, "taskledger_worker", False),
        "search": (False, "taskledger_search", False),
    }


def test_the_append_function_trusts_no_search_path(database: Database) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        unsafe = connection.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p"
            " JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname IN ('log', 'keys', 'ops', 'people', 'views') AND p.prosecdef"
            " AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')"
        ).fetchall()
        public = connection.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p"
            " JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = 'log' AND p.prosecdef"
            " AND EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0)"
        ).fetchall()
    assert (unsafe, public) == ([], [])


async def test_a_tenant_sees_its_own_events_and_those_of_the_system(
    open_store: OpenStore, database: Database
) -> None:
    store = await open_store()
    mine, theirs, user = a_stream(), a_stream(), a_stream("user")
    await store.append(commit(event(mine, workspace_id="ws_mine"), workspace_id="ws_mine"))
    await store.append(commit(event(theirs, workspace_id="ws_theirs"), workspace_id="ws_theirs"))
    locale = UserLocaleChanged(time_zone="UTC", locale="en", was_time_zone="", was_locale="")
    await store.append(commit(event(user, locale, workspace_id=SYSTEM_WORKSPACE)))

    pool = await open_pool(database.api_url, max_size=1)
    query: LiteralString = "SELECT stream FROM log.events ORDER BY position"
    async with pool.connection() as connection:

        async def seen(*workspaces: str) -> list[Any]:
            return [row[0] for row in await fetch_scoped(connection, workspaces, query)]

        assert await seen("ws_mine") == [mine, user]
        assert await seen("ws_theirs", "ws_mine") == [mine, theirs, user]
        assert await seen("ws_%", "", "ws_mine,") == [mine, user]
        assert await seen() == [user]
        unscoped = await connection.execute(query)
        assert await unscoped.fetchall() == [(user,)], "a scope ends with its query"
    await pool.close()

    # A stream by its exact id is read for decisions, whose permission comes with what they read.
    assert len(await store.read_stream(theirs)) == 1
    # What cannot be seen is missed, never skipped.
    with pytest.raises(LogIncomplete):
        await store.read_rows(1, 3)
    with pytest.raises(LogIncomplete):
        [batch async for batch in store.read_log(0)]
    worker = await open_store(as_worker=True)
    assert len(await worker.read_rows(1, 3)) == 3
