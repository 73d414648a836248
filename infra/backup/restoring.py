"""Puts a backup into an empty system: all of it, or nothing."""

from collections.abc import Callable, Iterator
from typing import Final

from psycopg import sql

from domain.values.frozen import dataclass
from infra.backup.frames import BackupFile, End, Manifest, NotABackup, Piece, TableBegin, TableEnd
from infra.backup.tables import Table, kept_tables
from infra.event_store import derived
from infra.keys.destruction import DestroyedKeys, destroy_again, destroyed_here
from infra.keys.master import MasterKeys, Wrapped
from infra.postgres.migrate import applied_migrations
from infra.postgres.pool import Connection

_LOCK_TIMEOUT: Final = "30s"

_IS_EMPTY: Final = """
SELECT (SELECT position FROM log.head) = 0
    AND NOT EXISTS (SELECT FROM log.events) AND NOT EXISTS (SELECT FROM log.commits)
    AND NOT EXISTS (SELECT FROM people.credentials)
"""
_SET_HEAD: Final = """
UPDATE log.head SET log_id = %s, position = %s,
    recorded_at = timestamptz 'epoch' + %s * interval '1 microsecond'
"""


class CannotRestore(Exception):
    """Nothing was changed; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """`destroyed_again`: keys that the backup still had."""

    rows: int
    events: int
    destroyed_again: int


def secret_of(master: MasterKeys) -> Callable[[Manifest], bytes]:
    """What proves a backup to be one of ours, by its own root secret: KeyUnusable where this
    master key does not open that."""

    def secret(manifest: Manifest) -> bytes:
        return master.derived_from(Wrapped(manifest.master_id, manifest.root), "backups")

    return secret


async def restore(
    connection: Connection,
    backup: BackupFile,
    destroyed: DestroyedKeys,
    progress: Callable[[int], None] = lambda done: None,
) -> Restored:
    """In one transaction: the log and its identity, keys, accounts, settings, jobs, signed
    checkpoints, verbatim; what is derived of the log worked out and checked; keys that were
    destroyed since destroyed again. Views follow by themselves.

    `connection` is the owner's, in autocommit. Raises CannotRestore, NotABackup.
    """
    await connection.execute("SET statement_timeout = 0")
    async with connection.transaction():
        await connection.execute(
            sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_LOCK_TIMEOUT))
        )
        await connection.execute("SELECT FROM log.head FOR UPDATE")
        await _require_fitting(connection, backup.manifest)
        await _require_empty(connection)
        tables = {str(table): table for table in await kept_tables(connection)}
        for table in reversed(tables.values()):
            await _empty(connection, table)
        end = await _fill(connection, tables, backup.pieces(progress))
        await _check_and_derive(connection, backup.manifest, end)
        again = await _destroy(connection, destroyed)
    return Restored(end.rows, end.events, again)


async def _require_fitting(connection: Connection, manifest: Manifest) -> None:
    here, there = await applied_migrations(connection), dict(manifest.migrations)
    if here == there:
        return
    if set(there.items()) - set(here.items()):
        raise CannotRestore(
            f"The backup was made by another version of the product, {manifest.product}: restore "
            "it with that one, or a newer one of the same shape."
        )
    raise CannotRestore(
        f"The backup was made by an older version, {manifest.product}, and this database has a "
        "newer shape: restore it with that version, then start this one on it."
    )


async def _require_empty(connection: Connection) -> None:
    row = await (await connection.execute(_IS_EMPTY)).fetchone()
    if row != (True,):
        raise CannotRestore(
            "This system is not empty; a backup is restored into a new one, before anything was "
            "done in it."
        )


async def _empty(connection: Connection, table: Table) -> None:
    """Of what a fresh system has made for itself: its identity and its own secrets."""
    cursor = await connection.execute(
        sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table.identifier)
    )
    if await cursor.fetchone() == (True,):
        for step in ("ALTER TABLE {} DISABLE TRIGGER USER", "DELETE FROM {}"):
            await connection.execute(sql.SQL(step).format(table.identifier))
        await connection.execute(
            sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table.identifier)
        )


async def _fill(connection: Connection, tables: dict[str, Table], pieces: Iterator[Piece]) -> End:
    rows = 0
    for piece in pieces:
        if isinstance(piece, End):
            if piece.rows != rows:
                raise NotABackup(f"it says {piece.rows} rows and has {rows}")
            return piece
        assert isinstance(piece, TableBegin), "the order of its frames was checked"
        rows += await _fill_table(connection, tables, piece, pieces)
    raise NotABackup("it has no end")


async def _fill_table(
    connection: Connection, tables: dict[str, Table], begin: TableBegin, pieces: Iterator[Piece]
) -> int:
    table = tables.get(f"{begin.schema}.{begin.name}")
    if table is None or table.columns != begin.columns:
        raise NotABackup(f"{begin.schema}.{begin.name} is not a table of its version")
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        table.identifier, table.column_list
    )
    said = 0
    async with connection.cursor() as cursor:
        async with cursor.copy(statement) as copy:
            for piece in pieces:
                if isinstance(piece, TableEnd):
                    said = piece.rows
                    break
                assert isinstance(piece, bytes), "the order of its frames was checked"
                await copy.write(piece)
        if cursor.rowcount != said:
            raise NotABackup(f"{table} says {said} rows and has {cursor.rowcount}")
    return said


async def _check_and_derive(connection: Connection, manifest: Manifest, end: End) -> None:
    cursor = await connection.execute("SELECT count(*), max(position) FROM log.events")
    if await cursor.fetchone() != (end.events, manifest.position or None):
        raise NotABackup("its log does not have the events that it says")
    await connection.execute(_SET_HEAD, (manifest.log_id, manifest.position, manifest.recorded_at))
    findings = await derived.rebuild(connection)
    if findings.damage:
        raise NotABackup(f"its log is damaged: {findings.damage[0]}")


async def _destroy(connection: Connection, destroyed: DestroyedKeys) -> int:
    """Of keys whose destruction only the backup knows, the list outside the database learns."""
    unknown = set(await destroyed_here(connection)).difference(destroyed.ids())
    if unknown:
        destroyed.add(sorted(unknown))
    return len(await destroy_again(connection, destroyed))
