"""What the fixtures of real parts hand to a test."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from infra.embedded.nats import Nats
from infra.embedded.postgres import OWNER, SUPERUSER, Postgres
from infra.embedded.valkey import Valkey

# A copy is a log of its own: its streams and checkpoints must not meet those of another test.
# The log refuses any change to its identity, so only replication may make one.
_NEW_LOG = """
SET LOCAL session_replication_role = replica;
WITH fresh AS (UPDATE log.incarnations SET log_id = gen_random_uuid() RETURNING log_id)
UPDATE log.head SET log_id = fresh.log_id FROM fresh
"""

# What no test can lose, a machine that loses power, need not be waited for: a database is copied in
# a tenth of the time, and a server that is killed loses nothing by it. Nor is a connection waited
# for that was given up while it logged in, which keeps databases from being dropped meanwhile.
# And what it writes is to take little room.
_FOR_TESTS = {
    "fsync": "off",
    "authentication_timeout": "5s",
    "max_wal_size": "256MB",
    "min_wal_size": "80MB",
}

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Parts:
    """The servers of this test run. Each has `kill`, `stop`, `start` and `signal`, for tests of
    bad days; such a test starts again what it ended."""

    postgres: Postgres
    nats: Nats
    valkey: Valkey

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def nats_url(self) -> str:
        return self.nats.url

    @property
    def redis_url(self) -> str:
        return self.valkey.url


@dataclass(frozen=True, slots=True)
class Database:
    """A database of its own for one test, as each role sees it."""

    name: str
    superuser_url: str
    owner_url: str
    api_url: str
    worker_url: str
    search_url: str


def set_for_tests(parts: Parts) -> None:
    """As `_FOR_TESTS`. Whoever serves the product in a test has parts of its own, as they are."""
    for name, value in _FOR_TESTS.items():
        _as_superuser(
            parts,
            sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)),
        )
    _as_superuser(parts, sql.SQL("SELECT pg_reload_conf()"))


@contextmanager
def fresh_database(parts: Parts, migrated: str) -> Iterator[Database]:
    """A copy of the migrated database, gone at the end."""
    name = f"test_{next(_numbers)}"
    make_database(parts, name, copied_from=migrated)
    url = parts.postgres.url_of
    with psycopg.connect(url(SUPERUSER, name)) as connection:
        connection.execute(_NEW_LOG)
    yield Database(
        name,
        superuser_url=url(SUPERUSER, name),
        owner_url=url(OWNER, name),
        api_url=url("taskledger_api", name),
        worker_url=url("taskledger_worker", name),
        search_url=url("taskledger_search", name),
    )
    _as_superuser(parts, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def make_database(parts: Parts, name: str, copied_from: str) -> None:
    _as_superuser(
        parts,
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
            sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(copied_from)
        ),
    )


def _as_superuser(parts: Parts, statement: sql.Composed) -> None:
    url = parts.postgres.url_of(SUPERUSER, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
