"""Brings a database to the shape that this code expects: plain SQL files, in order, each once."""

import hashlib
from pathlib import Path

import psycopg

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x7461736B6C6467  # any number that no other advisory lock of the database uses
_LOCK_TIMEOUT_SECONDS = 30  # a migration that waits for a table makes every append wait behind it

_RECORD = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class MigrationError(Exception):
    """The files and the database disagree; nothing was changed by the file that is named."""


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    sql: str
    checksum: str


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Every migration of this code, in order."""
    return [_load(path) for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))]


def migrate(owner_url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; return the names applied.

    Safe to call from many processes at once: one works, the others wait and find nothing to do.
    Raises MigrationError when an applied file was altered or has gone. Files newer than this code
    are left alone, so that old code starts beside new.
    """
    known = migrations(folder)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(_RECORD)
        applied = _applied(connection)
        _check(known, applied)
        missing = [migration for migration in known if migration.name not in applied]
        for migration in missing:
            _apply(connection, migration)
    return [migration.name for migration in missing]


def pending(url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Names that `migrate` would apply; reads only."""
    with psycopg.connect(url, autocommit=True) as connection:
        new = connection.execute("SELECT to_regclass('ops.migrations')").fetchone() == (None,)
        applied = {} if new else _applied(connection)
    known = migrations(folder)
    _check(known, applied)
    return [migration.name for migration in known if migration.name not in applied]


async def applied_migrations(connection: Connection) -> dict[str, str]:
    """Name -> checksum of every migration that made a database what it is, in order."""
    cursor = await connection.execute("SELECT name, checksum FROM ops.migrations ORDER BY name")
    return {str(name): str(checksum) for name, checksum in await cursor.fetchall()}


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, checksum FROM ops.migrations").fetchall()
    return {str(name): str(checksum) for name, checksum in rows}


def _load(path: Path) -> Migration:
    content = path.read_bytes()
    return Migration(path.stem, content.decode(), hashlib.sha256(content).hexdigest())


def _check(known: list[Migration], applied: dict[str, str]) -> None:
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"{migration.name} was changed after it was applied; "
                "put it back and write the change as a new migration"
            )
    newest = known[-1].name if known else ""
    gone = [
        name for name in applied.keys() - {migration.name for migration in known} if name < newest
    ]
    if gone:
        raise MigrationError(f"{min(gone)} was applied here, but this code does not have it")


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'")
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO ops.migrations (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
    except psycopg.Error as error:
        raise MigrationError(f"{migration.name}: {error}") from error
