"""A log of a measurement's own: an empty database, a store over it, one of its views built anew."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from bench.servers import wait_until
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import DATABASE, OWNER, SUPERUSER
from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys
from infra.nats.wake import CommitWaker
from infra.postgres.migrate import migrate
from infra.postgres.pool import open_pool
from infra.processes import generations
from infra.processes.rebuild import Rebuild
from infra.processes.sessions import Sessions
from infra.processes.shard_processes import ShardProcesses
from projections.projection import Projection

SIGNED: Final[LiteralString] = "SELECT coalesce(max(size), 0) FROM record.checkpoints"


@dataclass(frozen=True, slots=True)
class Base:
    """One database of the measurement; the product's, unless another is named."""

    embedded: EmbeddedParts
    name: str = DATABASE

    def url(self, role: str) -> str:
        assert self.embedded.postgres is not None
        return self.embedded.postgres.url_of(role, self.name)

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url(SUPERUSER), autocommit=True) as connection:
            yield connection


def last_position(connection: psycopg.Connection) -> int:
    """The last position of the log."""
    ((position,),) = connection.execute("SELECT position FROM log.head").fetchall()
    return int(position)


def await_signed(connection: psycopg.Connection, upto: int, patience_s: float) -> None:
    """Return when a checkpoint holds this position of the log. Raises TimeoutError."""
    wait_until(lambda: signed(connection) >= upto, "all is signed", patience_s)


def signed(connection: psycopg.Connection) -> int:
    """The last position of the log that a checkpoint holds."""
    ((size,),) = connection.execute(SIGNED).fetchall()
    return int(size)


def empty_database(embedded: EmbeddedParts, name: str) -> Base:
    """Without so much as a table."""
    with Base(embedded, "postgres").session() as made:
        made.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
        )
    return Base(embedded, name)


def empty_log(embedded: EmbeddedParts, name: str) -> Base:
    """Migrated, and nothing in it."""
    base = empty_database(embedded, name)
    migrate(base.url(OWNER))
    return base


@asynccontextmanager
async def store_over(
    url: str, key: bytes, waker: CommitWaker | None = None
) -> AsyncIterator[PostgresEventStore]:
    """To be appended to as the product does it (`url` is the api role's), until the block ends."""
    pool = await open_pool(url)
    store = PostgresEventStore(pool, MasterKeys(key), url, on_commit=waker)
    try:
        await store.start()
        yield store
        await store.close()
    finally:
        await pool.close()


async def rebuilt(url: str, key: bytes, projection: Projection) -> float:
    """Events a second of a view that is built anew (`url` is the worker role's), from the first
    event on, whatever an earlier run left unfinished, by as many processes as the product takes.
    What it replaces is gone then."""
    settings = {
        "TASKLEDGER_DATABASE_URL": url,
        "TASKLEDGER_MASTER_KEY": base64.b64encode(key).decode(),
    }
    builders = ShardProcesses.under(settings)
    pool, sessions, master = await open_pool(url), Sessions(url), MasterKeys(key)
    try:
        async with pool.connection() as connection:
            await master.unlock(connection)
        store = PostgresEventStore(pool, master, url)
        rebuild = Rebuild(projection, store, sessions, since=datetime.now(UTC), builders=builders)
        outcome = await rebuild.run()
        async with sessions.open("bench") as session:
            for former in await generations.retired(session, older_than_s=0):
                await generations.drop(session, former)
    finally:
        await pool.close()
    return outcome.position / outcome.seconds
