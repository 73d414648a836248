"""Rotation of the master key: every wrapped row is wrapped anew under the current one."""

from typing import Final

from psycopg import sql

from infra.keys.content_keys import KeyName
from infra.keys.master import MasterKeys, Wrapped, rewrap_root
from infra.postgres.pool import Connection

_BATCH = 500
_TABLES: Final = (
    sql.Identifier("keys", "sealing_keys"),
    sql.Identifier("keys", "imported_keys"),
)
_OLD: Final = """
SELECT key_id, kind, workspace_id, owner, master_id, wrapped FROM {}
WHERE master_id <> %s LIMIT %s FOR UPDATE
"""
_REWRAP: Final = """
UPDATE {} s SET master_id = %s, wrapped = r.wrapped
FROM unnest(%s::uuid[], %s::bytea[]) AS r (key_id, wrapped) WHERE s.key_id = r.key_id
"""


async def rotate(connection: Connection, master: MasterKeys) -> int:
    """Rewrap all that older master keys wrap; return how many rows changed.

    `master` holds the new key as its current one and the old among the older. While it runs, and
    until each process has been started with the new key, both must be given to every process.
    Killed anywhere, it is simply run again. Needs the owner's connection.
    """
    changed = int(await rewrap_root(connection, master))
    for table in _TABLES:
        while batch := await _rewrap_batch(connection, master, table):
            changed += batch
    return changed


async def _rewrap_batch(connection: Connection, master: MasterKeys, table: sql.Identifier) -> int:
    async with connection.transaction():
        cursor = await connection.execute(
            sql.SQL(_OLD).format(table),
            (master.current_id, _BATCH),
        )
        rows = await cursor.fetchall()
        if not rows:
            return 0
        rewrapped = [
            master.rewrapped(
                Wrapped(master_id, bytes(data)), KeyName(kind, workspace_id, owner).context
            )
            for _, kind, workspace_id, owner, master_id, data in rows
        ]
        await connection.execute(
            sql.SQL(_REWRAP).format(table),
            (master.current_id, [row[0] for row in rows], [key.data for key in rewrapped]),
        )
    return len(rows)
