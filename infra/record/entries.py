"""The table of entries: every event as a link of its workspace's chain."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from domain.record.chains import Chain
from infra.postgres.arrays import BigintArray, ByteaArray, TextArray
from infra.postgres.pool import Connection

_WRITE: Final = (
    "INSERT INTO record.entries (workspace_id, count, position, link)"
    " SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bytea[])"
)
# Where each of many chains stands, by one descent of the index each.
_HEADS: Final = """
SELECT asked.workspace, last.count, last.position, last.link
FROM unnest(%s::text[]) AS asked (workspace)
CROSS JOIN LATERAL (
    SELECT e.count, e.position, e.link FROM record.entries e
    WHERE e.workspace_id = asked.workspace ORDER BY e.count DESC LIMIT 1
) last
"""
_LINKS: Final = """
SELECT e.workspace_id, e.count, e.link
FROM unnest(%s::text[], %s::bigint[]) AS asked (workspace, count)
JOIN record.entries e ON e.workspace_id = asked.workspace AND e.count = asked.count
"""
_BETWEEN: Final = (
    "SELECT workspace_id, count, position, link FROM record.entries"
    " WHERE position BETWEEN %s AND %s ORDER BY position"
)
_LAST: Final = "SELECT coalesce(max(position), 0) FROM record.entries"
# From one workspace to the next by the index, since all entries would have to be read otherwise.
_CHAINS: Final = """
WITH RECURSIVE workspaces (id) AS (
    (SELECT workspace_id FROM record.entries ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT e.workspace_id FROM record.entries e WHERE e.workspace_id > w.id
        ORDER BY e.workspace_id LIMIT 1
    ) FROM workspaces w WHERE w.id IS NOT NULL
)
SELECT w.id, last.count, last.link
FROM workspaces w CROSS JOIN LATERAL (
    SELECT e.count, e.link FROM record.entries e
    WHERE e.workspace_id = w.id AND e.position <= %s ORDER BY e.count DESC LIMIT 1
) last
"""

Head = tuple[int, bytes]
"""The count and the link of a chain's last event."""


class Entry(NamedTuple):
    """The event at `position` is that of its workspace with this ordinal, counted from 1."""

    workspace_id: str
    ordinal: int
    position: int
    link: bytes


async def last_position(connection: Connection) -> int:
    """Up to where entries are there; 0 where there are none."""
    row = await (await connection.execute(_LAST)).fetchone()
    assert row is not None
    return int(row[0])


async def between(connection: Connection, first: int, last: int) -> list[Entry]:
    """The entries of these positions, both included, as far as they are there."""
    cursor = await connection.execute(_BETWEEN, (first, last), binary=True)
    return [Entry(*row) for row in await cursor.fetchall()]


async def last_of(connection: Connection, workspaces: Collection[str]) -> list[Entry]:
    """The last entry of each of these workspaces that has any."""
    cursor = await connection.execute(_HEADS, (TextArray.of(list(workspaces)),), binary=True)
    return [Entry(*row) for row in await cursor.fetchall()]


async def links(connection: Connection, asked: Mapping[str, int]) -> dict[str, Head]:
    """The links with these counts, workspace by workspace, as far as they are there."""
    counts = BigintArray.of(list(asked.values()))
    cursor = await connection.execute(_LINKS, (TextArray.of(list(asked)), counts), binary=True)
    return {workspace: (count, link) for workspace, count, link in await cursor.fetchall()}


async def write(connection: Connection, entries: Sequence[Entry]) -> None:
    """Raises psycopg.errors.UniqueViolation where somebody wrote any of them."""
    workspaces, ordinals, positions, linked = zip(*entries, strict=True)
    columns = (
        TextArray.of(workspaces),
        BigintArray.of(ordinals),
        BigintArray.of(positions),
        ByteaArray.of(linked),
    )
    await connection.execute(_WRITE, columns)


async def chains_at(connection: Connection, upto: int) -> list[Chain]:
    """Where every chain stood just after a position, in the order of the workspaces' ids. Quick
    where the position is near the last of the entries."""
    cursor = await connection.execute(_CHAINS, (upto,), binary=True)
    return [Chain(workspace, count, link) for workspace, count, link in await cursor.fetchall()]
