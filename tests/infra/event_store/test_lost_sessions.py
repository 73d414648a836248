"""A connection is lost, a server stops, a log is put back: what was said stays true."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from domain.errors import Kind, Refused
from infra.embedded.sockets import LOOPBACK
from infra.event_store.incarnation import declare_incarnation
from infra.event_store.session import SessionLost
from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys
from infra.postgres.pool import Pool, open_pool
from tests.faults.proxy import Fate, Proxy
from tests.infra.event_store.conftest import OpenStore
from tests.infra.event_store.made import a_stream, commit, creation, event, eventually
from tests.real import Database, Parts

Superuser = psycopg.Connection[Any]

COMMITTERS = (
    "FROM pg_stat_activity WHERE application_name = 'taskledger committer'"
    " AND datname = current_database()"
)


@pytest.fixture
def proxy(parts: Parts) -> Iterator[Proxy]:
    with Proxy(parts.postgres.port, watched=b"log.append(") as proxy:
        yield proxy


@pytest.fixture
async def proxied(
    proxy: Proxy, database: Database, master_key: bytes
) -> AsyncIterator[PostgresEventStore]:
    """A store whose committer's session passes through the proxy."""
    login = urlsplit(database.api_url).netloc.rsplit("@", 1)[0]
    url = (
        f"postgresql://{login}@{LOOPBACK}:{proxy.port}/{database.name}"
        "?sslmode=disable&gssencmode=disable"
    )
    async with _pool(database.api_url) as pool:
        store = PostgresEventStore(pool, MasterKeys(master_key), url)
        await store.start()
        yield store
        await store.close()


@contextlib.asynccontextmanager
async def _pool(url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(url, max_size=2)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
def observer(database: Database) -> Iterator[Superuser]:
    """Sees what goes on while the superuser's transaction is open."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        yield connection


def _blocked(observer: Superuser) -> bool:
    row = observer.execute(f"SELECT count(*) {COMMITTERS} AND wait_event_type = 'Lock'").fetchone()
    return row is not None and row[0] > 0


async def test_an_answer_lost_after_the_commit_is_found_out(
    proxied: PostgresEventStore, proxy: Proxy
) -> None:
    await proxied.append(commit(event(a_stream())))
    struck = proxy.arm(Fate.CUT)
    commits = [commit(event(a_stream())) for _ in range(5)]
    receipts = await asyncio.gather(*map(proxied.append, commits))
    assert struck.is_set()
    assert sorted(receipt.position for receipt in receipts) == [2, 3, 4, 5, 6]
    again = [await proxied.append(each) for each in commits]
    assert all(receipt.replayed for receipt in again)
    assert (await proxied.append(commit(event(a_stream())))).position == 7


async def test_a_session_that_ends_before_its_statement_was_done_does_it_once(
    store: PostgresEventStore, superuser: Superuser, observer: Superuser
) -> None:
    """The batch is not in the log, so it is appended by the next session."""
    with superuser.transaction():
        superuser.execute("SELECT FROM log.head FOR UPDATE")
        waiting = [asyncio.create_task(store.append(commit(event(a_stream())))) for _ in range(3)]
        await eventually(lambda: _blocked(observer))
        observer.execute(f"SELECT pg_terminate_backend(pid, 5000) {COMMITTERS}")
    receipts = await asyncio.gather(*waiting)
    assert sorted(receipt.position for receipt in receipts) == [1, 2, 3]
    assert not any(receipt.replayed for receipt in receipts)
    assert await store.head() == 3


@pytest.mark.parametrize("role", [None, "taskledger_api"], ids=["own log-in", "taken role"])
async def test_a_session_that_lives_on_without_its_client_is_ended_first(
    open_store: OpenStore, superuser: Superuser, observer: Superuser, role: str | None
) -> None:
    """The connection breaks while its backend waits for the lock. Were that one left alone, it
    would append what the log has just been said not to hold."""
    store = await open_store(role=role)
    asked = creation()
    with superuser.transaction():
        superuser.execute("SELECT FROM log.head FOR UPDATE")
        waiting = asyncio.create_task(store.append(asked))
        await eventually(lambda: _blocked(observer))
        before = _backends(observer)
        _break_connection(store)
        await eventually(lambda: not before & _backends(observer))
    assert (await waiting).position == 1
    assert (await store.append(asked)).replayed
    assert await store.head() == 1


def _backends(observer: Superuser) -> set[int]:
    return {pid for (pid,) in observer.execute(f"SELECT pid {COMMITTERS}")}


def _break_connection(store: PostgresEventStore) -> None:
    """As the network does it: the server is not told."""
    session = store._committer._session
    assert session is not None
    with socket.socket(fileno=os.dup(session._connection.fileno())) as connection:
        connection.shutdown(socket.SHUT_RDWR)


async def test_an_idle_session_that_was_ended_is_replaced_unseen(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    await store.append(creation())
    superuser.execute(f"SELECT pg_terminate_backend(pid, 5000) {COMMITTERS}")
    assert (await store.append(creation())).position == 2
    assert (store.stats.sessions, store.stats.in_doubt) == (2, 0)


async def test_without_postgresql_nothing_is_accepted_and_all_heals(
    parts: Parts, open_store: OpenStore
) -> None:
    store = await open_store()
    await store.append(creation())
    parts.postgres.kill()
    try:
        refusals = await asyncio.gather(
            *[store.append(creation()) for _ in range(20)], return_exceptions=True
        )
        assert {(type(each), getattr(each, "kind", None)) for each in refusals} == {
            (Refused, Kind.DEPENDENCY_DOWN)
        }
        assert {each.fields.get("retry_after") for each in refusals} == {1}, "nothing in doubt"
        assert store.problem is not None
        with pytest.raises(Refused) as refusal:
            await store.read_stream("task_1")
        assert refusal.value.kind is Kind.DEPENDENCY_DOWN
    finally:
        parts.postgres.start()
    for _ in range(200):
        with contextlib.suppress(Refused):
            receipt = await store.append(commit(event(a_stream())))
            break
        await asyncio.sleep(0.05)
    assert receipt.position == 2
    assert store.problem is None


async def test_another_incarnation_ends_the_process(
    open_store: OpenStore, database: Database
) -> None:
    told: list[str] = []
    store = await open_store(on_wrong_log=told.append)
    await store.append(creation())
    async with _pool(database.owner_url) as pool, pool.connection() as owner:
        declared = await declare_incarnation(owner, "restored from a backup")
        history = await owner.execute(
            "SELECT log_id, after_position, reason FROM log.incarnations ORDER BY declared_at"
        )
        rows = await history.fetchall()
    assert rows == [(store.log_id, 0, "made"), (declared, 1, "restored from a backup")]
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            await store.append(creation())
        assert refusal.value.kind is Kind.DEPENDENCY_DOWN
    assert len(told) == 1
    assert store.problem == told[0]
    newer = await open_store()
    assert newer.log_id == declared
    assert (await newer.append(creation())).position == 2


async def test_a_log_that_lost_positions_is_not_written_on(
    open_store: OpenStore, superuser: Superuser
) -> None:
    told: list[str] = []
    store = await open_store(on_wrong_log=told.append)
    for _ in range(3):
        await store.append(commit(event(a_stream())))
    superuser.execute("UPDATE log.head SET position = 2")
    superuser.execute(f"SELECT pg_terminate_backend(pid, 5000) {COMMITTERS}")
    with pytest.raises(Refused) as refusal:
        await store.append(creation())
    assert refusal.value.kind is Kind.DEPENDENCY_DOWN
    assert refusal.value.fields == {"retry_after": 1}
    assert len(told) == 1
    assert "earlier state" in told[0]


async def test_closing_appends_what_waits_and_refuses_what_comes_after(
    open_store: OpenStore,
) -> None:
    store = await open_store()
    waiting = [asyncio.create_task(store.append(commit(event(a_stream())))) for _ in range(50)]
    await asyncio.sleep(0)
    assert store.waiting == 50
    await store.close()
    assert len(await asyncio.gather(*waiting)) == 50
    with pytest.raises(Refused):
        await store.append(creation())
    with pytest.raises(SessionLost):
        await PostgresEventStore(
            store._pool, MasterKeys(b"k" * 32), "postgresql://127.0.0.1:1/nowhere"
        )._committer.start()


async def test_whoever_asks_is_told_of_each_position(open_store: OpenStore) -> None:
    told: list[int] = []

    def hear(position: int) -> None:
        told.append(position)
        raise RuntimeError("a listener that fails harms nobody")

    store = await open_store(on_commit=hear)
    await store.append(creation())
    await store.append(commit(expected={"task_1": 0}))
    await store.append(creation())
    assert told == [1, 2]


async def test_a_stalled_server_is_given_up_in_time(
    open_store: OpenStore, superuser: Superuser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes what is sent and says nothing; what it was asked may yet be done, or not."""
    store = await open_store()
    made = commit(event(a_stream()))
    (pid,) = _backends(superuser)
    os.kill(pid, signal.SIGSTOP)
    try:
        with monkeypatch.context() as hurried:
            hurried.setattr("infra.event_store.session._CALL_TIMEOUT_SECONDS", 0.5)
            hurried.setattr("infra.event_store.session._END_TIMEOUT_MS", 200)
            hurried.setattr("infra.event_store.committer._SETTLE_SECONDS", 0.5)
            with pytest.raises(Refused) as refusal:
                await asyncio.wait_for(store.append(made), 10)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert refusal.value.kind is Kind.DEPENDENCY_DOWN
    assert refusal.value.fields == {"in_doubt": True}
    receipt = await store.append(made)
    assert receipt.position == 1
    assert (await store.append(made)).replayed
