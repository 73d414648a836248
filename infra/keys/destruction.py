"""Erasure: a key row is destroyed, and remembered outside the database as well."""

import os
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from infra.keys.content_keys import Kind
from infra.keys.master import sync_folder
from infra.postgres.pool import Connection

_LINE = re.compile(r"(?P<id>[0-9a-f-]{36}) \S+")

# A snapshot holds what several authors wrote, under a key of its workspace: with a content key the
# snapshots of that workspace go, with an identity key all of them. They are a cache.
_SNAPSHOT_KEYS = """
SELECT s.key_id FROM keys.sealing_keys s
WHERE s.kind = 'snapshot' AND EXISTS (
    SELECT FROM keys.every_key k
    WHERE k.key_id = ANY (%(ids)s)
        AND (k.kind = 'identity' OR k.workspace_id = s.workspace_id))
"""


class DestroyedKeys:
    """The ids of destroyed keys in an append-only file that no restore of the database touches."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, key_ids: Sequence[uuid.UUID]) -> None:
        """Durable on return."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        lines = "".join(f"{key_id} {now}\n" for key_id in key_ids)
        is_new = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a") as file:
            file.write("" if is_new else "\n")  # ends a line that a crash cut short
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self._path.parent)

    def ids(self) -> list[uuid.UUID]:
        """All of them. A line that a crash cut short counts for nothing: its row still stood."""
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return []
        return [uuid.UUID(match["id"]) for line in lines if (match := _LINE.fullmatch(line))]


async def destroy_keys(
    connection: Connection,
    owner: str,
    destroyed: DestroyedKeys,
    *,
    kinds: Sequence[Kind] = ("content", "identity"),
    places: Sequence[str] | None = None,
) -> list[bytes]:
    """Destroy a person's keys, in some workspaces or in all; all that they sealed is unreadable.

    Returns the ids of every key that went, for all processes to drop. Repeating it is harmless.
    The ids are outside the database before a row goes, so that a crash between the two is healed
    by `destroy_again`.
    """
    within = None if places is None else list(places)
    cursor = await connection.execute(
        "SELECT key_id FROM keys.every_key WHERE owner = %s AND kind = ANY (%s)"
        " AND (%s::text[] IS NULL OR workspace_id = ANY (%s) OR kind = 'identity')",
        (owner, list(kinds), within, within),
    )
    chosen = [row[0] for row in await cursor.fetchall()]
    return await _destroy(connection, chosen, destroyed)


async def destroyed_of(
    connection: Connection, owners: Sequence[str], places: Sequence[str]
) -> list[tuple[str, Kind]]:
    """Ids and kinds of the keys of a person, and of what was theirs, that are gone: of who they
    are, and of what they wrote in these places."""
    cursor = await connection.execute(
        "SELECT key_id::text, kind FROM keys.destroyed WHERE owner = ANY (%s)"
        " AND (kind = 'identity' OR (kind = 'content' AND workspace_id = ANY (%s)))"
        " ORDER BY kind, key_id",
        (list(owners), list(places)),
    )
    return [(key_id, kind) for key_id, kind in await cursor.fetchall()]


async def destroy_again(connection: Connection, destroyed: DestroyedKeys) -> list[bytes]:
    """After a restore: destroy whatever came back, and close the accounts of those whose name goes
    with it, which are open again. Returns the ids of the keys that went."""
    cursor = await connection.execute(
        "SELECT key_id, owner, kind FROM keys.every_key WHERE key_id = ANY (%s)",
        (destroyed.ids(),),
    )
    back = await cursor.fetchall()
    for owner in sorted({owner for _, owner, kind in back if kind == "identity"}):
        await connection.execute("SELECT * FROM people.forget(%s)", (owner,))
    return await _destroy(connection, [key_id for key_id, *_ in back], destroyed)


async def destroyed_here(connection: Connection) -> list[uuid.UUID]:
    """The ids of destroyed keys that the database itself remembers."""
    cursor = await connection.execute("SELECT key_id FROM keys.destroyed")
    return [row[0] for row in await cursor.fetchall()]


async def _destroy(
    connection: Connection, chosen: list[uuid.UUID], destroyed: DestroyedKeys
) -> list[bytes]:
    if not chosen:
        return []
    cursor = await connection.execute(_SNAPSHOT_KEYS, {"ids": chosen})
    ids = [*chosen, *(row[0] for row in await cursor.fetchall())]
    destroyed.add(ids)
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = on")
        await connection.execute("SELECT keys.destroy(%s)", (ids,))
    return [key_id.bytes for key_id in ids]
