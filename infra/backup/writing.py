"""Writes a backup of a system that goes on: one moment of it, read in short transactions."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO, Final

from psycopg import IsolationLevel, sql

from infra.backup.frames import PIECE_BYTES, FrameWriter, Manifest, TableBegin
from infra.backup.tables import LONG, Table, kept_tables
from infra.event_store.store import LogIncomplete
from infra.keys.master import MasterKeys, root_row
from infra.postgres.migrate import applied_migrations
from infra.postgres.pool import Connection

_EVENTS_AT_ONCE: Final = 5_000
_COMMITS_AT_ONCE: Final = 20_000
_NO_COMMAND: Final = uuid.UUID(int=0)
_LAST_COMMAND: Final = uuid.UUID(int=2**128 - 1)

_HEAD: Final = """
SELECT log_id, position, (extract(epoch FROM recorded_at) * 1000000)::bigint FROM log.head
"""
_COMMIT_AFTER: Final = """
SELECT command_id FROM log.commits WHERE command_id > %s ORDER BY command_id OFFSET %s LIMIT 1
"""

Progress = Callable[[int, int], None]


async def write_backup(
    connection: Connection,
    master: MasterKeys,
    product: str,
    file: BinaryIO,
    progress: Progress = lambda done, of: None,
) -> tuple[Manifest, int]:
    """Everything that the log does not give back by itself, as of one moment: the head of the log
    and every small table are read in one snapshot, the log up to that head in parts.

    Returns what it is of, and its size. `connection` is the owner's, in autocommit. Raises
    LogIncomplete where the log has gaps, KeyUnusable for a wrong master key.
    """
    await connection.execute("SET statement_timeout = 0")
    await master.unlock(connection)
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    async with connection.transaction():
        manifest = await _manifest(connection, product)
        sealed = await _sealed(connection)
        tables = await kept_tables(connection)
        writer = _Writer(connection, FrameWriter(file, manifest, master.derive("backups")))
        for table in tables:
            if str(table) not in LONG:
                await writer.copy(table, sql.SQL("true"))
    await connection.set_isolation_level(None)
    by_name = {str(table): table for table in tables}
    await _commits(connection, writer, by_name["log.commits"], manifest.position)
    await _by_positions(writer, by_name["record.entries"], sealed, lambda done, of: None)
    await _by_positions(writer, by_name["log.events"], manifest.position, progress)
    writer.frames.end(writer.rows, manifest.position)
    return manifest, writer.frames.size


async def _manifest(connection: Connection, product: str) -> Manifest:
    row = await (await connection.execute(_HEAD)).fetchone()
    root = await root_row(connection)
    assert row is not None
    assert root is not None, "unlocking the keys has made one"
    log_id, position, recorded_at = row
    return Manifest(
        format=1,
        product=product,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        log_id=str(log_id),
        position=position,
        recorded_at=recorded_at,
        migrations=tuple((await applied_migrations(connection)).items()),
        master_id=root.master_id,
        root=root.data,
    )


class _Writer:
    def __init__(self, connection: Connection, frames: FrameWriter) -> None:
        self._connection = connection
        self.frames = frames
        self.rows = 0

    async def copy(self, table: Table, condition: sql.Composable) -> int:
        """The rows that meet a condition, in one statement; how many they are."""
        self.frames.begin(TableBegin(table.schema, table.name, table.columns))
        statement = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT binary)").format(
            table.column_list, table.identifier, condition
        )
        pending = bytearray()
        async with self._connection.cursor() as cursor:
            async with cursor.copy(statement) as copy:
                async for data in copy:
                    pending += data
                    while len(pending) >= PIECE_BYTES:
                        self.frames.rows(bytes(pending[:PIECE_BYTES]))
                        del pending[:PIECE_BYTES]
            rows = cursor.rowcount
        if pending:
            self.frames.rows(bytes(pending))
        self.frames.end_table(rows)
        self.rows += rows
        return rows


async def _commits(connection: Connection, writer: _Writer, table: Table, upto: int) -> None:
    """By their ids, which is how they can be found in parts; those of after the head left out."""
    after = _NO_COMMAND
    while after < _LAST_COMMAND:
        cursor = await connection.execute(_COMMIT_AFTER, (after, _COMMITS_AT_ONCE - 1))
        row = await cursor.fetchone()
        last: uuid.UUID = _LAST_COMMAND if row is None else row[0]
        condition = sql.SQL("command_id > {} AND command_id <= {} AND position <= {}").format(
            sql.Literal(after), sql.Literal(last), sql.Literal(upto)
        )
        await writer.copy(table, condition)
        after = last


async def _sealed(connection: Connection) -> int:
    """Up to where events have their links."""
    row = await (await connection.execute("SELECT max(position) FROM record.entries")).fetchone()
    return 0 if row is None else row[0] or 0


async def _by_positions(writer: _Writer, table: Table, upto: int, progress: Progress) -> None:
    for first in range(1, upto + 1, _EVENTS_AT_ONCE):
        last = min(first + _EVENTS_AT_ONCE - 1, upto)
        condition = sql.SQL("position BETWEEN {} AND {} ORDER BY position").format(
            sql.Literal(first), sql.Literal(last)
        )
        if await writer.copy(table, condition) != last - first + 1:
            where = f"{table} does not have all of the positions {first} to {last}"
            raise LogIncomplete(where)
        progress(last, upto)
