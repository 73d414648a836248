"""Real parts for every test: started once, and a fresh migrated database for each test."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from infra.embedded.folder import DataFolder
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import OWNER, SUPERUSER
from tests.real import Database, Parts

_TEMPLATE = "migrated"

# A copy is a log of its own: its streams and checkpoints must not meet those of another test.
# The log refuses any change to its identity, so only replication may make one.
_NEW_LOG = """
SET LOCAL session_replication_role = replica;
WITH fresh AS (UPDATE log.incarnations SET log_id = gen_random_uuid() RETURNING log_id)
UPDATE log.head SET log_id = fresh.log_id FROM fresh
"""


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = DataFolder.open(tmp_path_factory.mktemp("parts"))
    embedded = EmbeddedParts.within(folder)
    try:
        embedded.start()
        assert embedded.postgres is not None
        assert embedded.nats is not None
        assert embedded.valkey is not None
        yield Parts(embedded.postgres, embedded.nats, embedded.valkey)
    finally:
        embedded.stop()
        folder.close()


@pytest.fixture(scope="session")
def migrated(parts: Parts) -> str:
    """The name of a migrated database that nobody uses, to copy from."""
    from infra.postgres.migrate import migrate

    _make(parts, _TEMPLATE, copied_from="template0")
    migrate(parts.postgres.url_of(OWNER, _TEMPLATE))
    return _TEMPLATE


_numbers = itertools.count(1)


@pytest.fixture
def database(parts: Parts, migrated: str) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    _make(parts, name, copied_from=migrated)
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


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """An empty place for the data folder of a run of its own."""
    return tmp_path / "data"


def _make(parts: Parts, name: str, copied_from: str) -> None:
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
