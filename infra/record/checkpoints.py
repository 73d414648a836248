"""The table of checkpoints: what was signed, size by size."""

from typing import Final

from domain.record.times import written
from infra.postgres.pool import Connection
from infra.record.signed import SignedTree

KEPT_ALL: Final = "1 hour"

_LAST: Final = (
    "SELECT note FROM record.checkpoints WHERE log_id = %s::uuid ORDER BY size DESC LIMIT 1"
)
# Only behind the one that was signed before: whoever finds another there is not alone.
_ADD: Final = """
INSERT INTO record.checkpoints (log_id, size, root, note, signed_at)
SELECT %(log_id)s::uuid, %(size)s, %(root)s, %(note)s, %(at)s::timestamptz
WHERE NOT EXISTS (
    SELECT FROM record.checkpoints WHERE log_id = %(log_id)s::uuid AND size > %(before)s
) AND (%(before)s = 0 OR EXISTS (
    SELECT FROM record.checkpoints
    WHERE log_id = %(log_id)s::uuid AND size = %(before)s AND root = %(root_before)s
))
"""
# One an hour is enough of what is old: whatever it covers, a later one covers as well.
_THIN: Final = f"""
DELETE FROM record.checkpoints c WHERE c.signed_at < clock_timestamp() - interval '{KEPT_ALL}'
AND EXISTS (
    SELECT FROM record.checkpoints later
    WHERE later.log_id = c.log_id AND later.size > c.size
    AND date_trunc('hour', later.signed_at) = date_trunc('hour', c.signed_at)
)
"""


async def last_note(connection: Connection, log_id: str) -> bytes | None:
    """The note of the largest tree that was signed, as the database has it."""
    row = await (await connection.execute(_LAST, (log_id,))).fetchone()
    return None if row is None else str(row[0]).encode()


async def add(connection: Connection, signed: SignedTree, before: SignedTree | None) -> bool:
    """False where the last one that is there is not `before`."""
    cursor = await connection.execute(
        _ADD,
        {
            "log_id": signed.log_id,
            "size": signed.size,
            "root": signed.root,
            "note": signed.note.decode(),
            "at": written(signed.at),
            "before": 0 if before is None else before.size,
            "root_before": b"" if before is None else before.root,
        },
    )
    return cursor.rowcount == 1


async def cosign(connection: Connection, signed: SignedTree) -> None:
    """Put the note with more signatures where it stands; nothing where it does not stand any
    more."""
    await connection.execute(
        "UPDATE record.checkpoints SET note = %s WHERE log_id = %s::uuid AND size = %s"
        " AND root = %s",
        (signed.note.decode(), signed.log_id, signed.size, signed.root),
    )


async def restore(connection: Connection, signed: SignedTree) -> None:
    """Write one that was signed and may not have reached the disk."""
    await connection.execute(
        "INSERT INTO record.checkpoints (log_id, size, root, note, signed_at)"
        " VALUES (%s::uuid, %s, %s, %s, %s::timestamptz) ON CONFLICT DO NOTHING",
        (signed.log_id, signed.size, signed.root, signed.note.decode(), written(signed.at)),
    )


async def sizes(connection: Connection, log_id: str, after: int) -> list[int]:
    """Of the trees with more leaves than `after` that were signed."""
    query = "SELECT size FROM record.checkpoints WHERE log_id = %s::uuid AND size > %s"
    cursor = await connection.execute(query, (log_id, after))
    return [int(size) for (size,) in await cursor.fetchall()]


async def roots(connection: Connection, log_id: str, first: int, last: int) -> dict[int, bytes]:
    """What was signed of the trees of these sizes, both included."""
    query = (
        "SELECT size, root FROM record.checkpoints"
        " WHERE log_id = %s::uuid AND size BETWEEN %s AND %s"
    )
    cursor = await connection.execute(query, (log_id, first, last), binary=True)
    return {int(size): bytes(root) for size, root in await cursor.fetchall()}


async def notes_after(
    connection: Connection, log_id: str, size: int, most: int
) -> list[tuple[int, bytes, bytes]]:
    """Size, root and note of the next ones behind a size, in order."""
    query = (
        "SELECT size, root, note FROM record.checkpoints"
        " WHERE log_id = %s::uuid AND size > %s ORDER BY size LIMIT %s"
    )
    cursor = await connection.execute(query, (log_id, size, most), binary=True)
    return [(int(size), bytes(root), note.encode()) for size, root, note in await cursor.fetchall()]


async def thin(connection: Connection) -> None:
    """Drop all but the last one of each hour that is past."""
    await connection.execute(_THIN)
