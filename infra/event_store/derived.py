"""What stands beside the log follows from it: checked, and put right where it does not.

Heads, guards, claims and sequences are tables of their own, so that an append need not read the
past. Here they are worked out from the events and the commits alone. Most of the log is read in
short transactions while appends go on; only the last bit and the comparison hold the log.
"""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from typing import Any

from domain.record.disclosure import read_map
from domain.values.frozen import dataclass
from infra.event_store.metadata import decode_metadata
from infra.postgres.pool import Connection

_RANGE = 5_000
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class _Table:
    """A derived table."""

    name: str
    keys: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def columns(self) -> str:
        return ", ".join((*self.keys, *self.values))


_HEADS = _Table("stream_heads", ("stream",), ("workspace_id", "version", "position"))
_GUARDS = _Table("guards", ("name",), ("position",))
_SEQUENCES = _Table("sequences", ("name",), ("value",))
_CLAIMS = _Table("claims", ("scope", "value_hmac"), ("owner",))
_IMPORTS = _Table(
    "imports", ("workspace_id",), ("first_position", "last_position", "came_at", "log_id", "link")
)
_TABLES = (_HEADS, _GUARDS, _SEQUENCES, _CLAIMS, _IMPORTS)
_IMPORTED = "WorkspaceImported.v1"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as the log says: what it should be and what it is, None for no row."""

    table: str
    key: tuple[str, ...]
    expected: tuple[Any, ...] | None
    found: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Findings:
    """`differences` shows the first hundred of `differing` rows. `damage` is what is wrong with the
    log itself, which nothing here can mend."""

    position: int
    differing: int
    differences: tuple[Difference, ...]
    damage: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.differing and not self.damage


async def check(connection: Connection) -> Findings:
    """Compare; change nothing. Needs the owner's connection, in autocommit."""
    return await _examine(connection, mend=False)


async def rebuild(connection: Connection) -> Findings:
    """Compare, and put right every row that differs; the findings are those from before."""
    return await _examine(connection, mend=True)


async def _examine(connection: Connection, *, mend: bool) -> Findings:
    await connection.execute("SET statement_timeout = 0")
    damage: list[str] = []
    await _prepare(connection)
    try:
        log = _Followed()
        reached = await _follow(connection, 0, await _head(connection), log)
        async with connection.transaction():
            head = await _head(connection, lock=True)
            await _follow(connection, reached, head, log)
            await connection.execute(_EXPECT_CLAIMS)
            damage += log.damage
            damage += await _times_gone_back(connection, log.gone_back)
            damage += await _broken_streams(connection)
            differing = 0
            differences: list[Difference] = []
            for table in _TABLES:
                count, shown = await _compare(connection, table)
                differing += count
                differences += shown
                if mend and count:
                    await _mend(connection, table)
        return Findings(head, differing, tuple(differences[:_SHOWN]), tuple(damage[:_SHOWN]))
    finally:
        if not connection.closed:
            await _clean_up(connection)


async def _prepare(connection: Connection) -> None:
    await _clean_up(connection)
    for table in _TABLES:
        await connection.execute(
            f"CREATE TEMP TABLE expected_{table.name}"
            f" (LIKE log.{table.name} INCLUDING INDEXES)".encode()
        )
    await connection.execute("ALTER TABLE expected_stream_heads ADD events bigint NOT NULL")
    await connection.execute("ALTER TABLE expected_sequences ADD drawn bigint NOT NULL")


async def _clean_up(connection: Connection) -> None:
    for table in _TABLES:
        await connection.execute(f"DROP TABLE IF EXISTS pg_temp.expected_{table.name}".encode())
    await connection.execute("RESET statement_timeout")


async def _head(connection: Connection, *, lock: bool = False) -> int:
    sql = b"SELECT position FROM log.head" + (b" FOR UPDATE" if lock else b"")
    row = await (await connection.execute(sql)).fetchone()
    assert row is not None
    position: int = row[0]
    return position


@dataclass(slots=True)
class _Followed:
    """What was seen on the way. `gone_back`: where a time is before that of the position before,
    with this one."""

    damage: list[str] = field(default_factory=list)
    gone_back: list[tuple[int, datetime]] = field(default_factory=list)
    last: tuple[int, datetime] | None = None


async def _follow(connection: Connection, after: int, upto: int, log: _Followed) -> int:
    """Work out what the positions `after` < p <= `upto` make of the tables; return `upto`."""
    for first in range(after + 1, upto + 1, _RANGE):
        last = min(first + _RANGE - 1, upto)
        await _follow_events(connection, first, last, log)
        await connection.execute(_EXPECT_HEADS, {"first": first, "last": last})
    return upto


async def _follow_events(connection: Connection, first: int, last: int, log: _Followed) -> None:
    cursor = await connection.execute(
        "SELECT position, metadata, number, recorded_at, workspace_id,"
        " CASE WHEN type = %s THEN payload END FROM log.events"
        " WHERE position BETWEEN %s AND %s ORDER BY position",
        (_IMPORTED, first, last),
    )
    rows = await cursor.fetchall()
    if len(rows) != last - first + 1:
        log.damage.append(f"of the positions {first} to {last} only {len(rows)} are there")
    guards: dict[str, int] = {}
    drawn: dict[str, list[int]] = {}
    for position, data, number, at, workspace_id, imported in rows:
        if imported is not None:
            said = read_map(bytes(imported))
            place = (position - said["events"], position - 1)
            row = (workspace_id, *place, at, said["log_id"], bytes.fromhex(said["link"]))
            await connection.execute(_EXPECT_IMPORTS, row)
        if log.last is not None and at < log.last[1]:
            log.gone_back.append((position, log.last[1]))
        log.last = position, at
        metadata = decode_metadata(bytes(data))
        for name in metadata.touches:
            guards[name] = position
        if (metadata.draws is None) != (number is None):
            log.damage.append(f"position {position} has a number and no sequence, or the reverse")
        elif metadata.draws is not None:
            drawn.setdefault(metadata.draws, []).append(number)
    await connection.execute(_EXPECT_GUARDS, (list(guards), list(guards.values())))
    await connection.execute(
        _EXPECT_SEQUENCES,
        (list(drawn), [max(each) for each in drawn.values()], list(map(len, drawn.values()))),
    )


async def _times_gone_back(
    connection: Connection, gone_back: list[tuple[int, datetime]]
) -> Iterable[str]:
    """Time goes back only where an import begins, which came after all that is before it."""
    cursor = await connection.execute("SELECT first_position, came_at FROM expected_imports")
    begun: dict[int, datetime] = dict(await cursor.fetchall())
    return [
        f"position {position} was recorded before the one before it"
        for position, before in gone_back
        if position not in begun or begun[position] < before
    ]


async def _broken_streams(connection: Connection) -> Iterable[str]:
    cursor = await connection.execute(
        "SELECT 'stream ' || stream || ' has ' || events || ' events but version ' || version"
        " FROM expected_stream_heads WHERE events <> version"
        " UNION ALL"
        " SELECT 'sequence ' || name || ' gave ' || drawn || ' numbers up to ' || value"
        " FROM expected_sequences WHERE drawn <> value LIMIT %s",
        (_SHOWN,),
    )
    return [row[0] for row in await cursor.fetchall()]


async def _compare(connection: Connection, table: _Table) -> tuple[int, list[Difference]]:
    expected = ", ".join(f"e.{column}" for column in table.values)
    found = ", ".join(f"t.{column}" for column in table.values)
    cursor = await connection.execute(
        f"SELECT count(*) OVER (), {', '.join(table.keys)}, {expected}, {found}"
        f" FROM expected_{table.name} e FULL JOIN log.{table.name} t"
        f" USING ({', '.join(table.keys)})"
        f" WHERE ({expected}) IS DISTINCT FROM ({found})"
        f" ORDER BY {', '.join(table.keys)} LIMIT {_SHOWN}".encode()
    )
    rows = await cursor.fetchall()
    keys, values = len(table.keys), len(table.values)
    differences = [
        Difference(
            table.name,
            tuple(_shown(part) for part in row[1 : 1 + keys]),
            _row(row[1 + keys : 1 + keys + values]),
            _row(row[1 + keys + values :]),
        )
        for row in rows
    ]
    return (rows[0][0] if rows else 0), differences


async def _mend(connection: Connection, table: _Table) -> None:
    match = " AND ".join(f"e.{key} = t.{key}" for key in table.keys)
    await connection.execute(
        f"DELETE FROM log.{table.name} t"
        f" WHERE NOT EXISTS (SELECT FROM expected_{table.name} e WHERE {match})".encode()
    )
    old = ", ".join(f"t.{column}" for column in table.values)
    new = ", ".join(f"excluded.{column}" for column in table.values)
    await connection.execute(
        f"INSERT INTO log.{table.name} AS t ({table.columns})"
        f" SELECT {table.columns} FROM expected_{table.name}"
        f" ON CONFLICT ({', '.join(table.keys)}) DO UPDATE"
        f" SET ({', '.join(table.values)}) = ROW({new})"
        f" WHERE ({old}) IS DISTINCT FROM ({new})".encode()
    )


def _row(values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    return None if all(value is None for value in values) else values


def _shown(part: Any) -> str:
    return part.hex() if isinstance(part, bytes) else str(part)


_EXPECT_HEADS = """
INSERT INTO expected_stream_heads AS x (stream, workspace_id, version, position, events)
SELECT stream, min(workspace_id), max(version), max(position), count(*)
FROM log.events WHERE position BETWEEN %(first)s AND %(last)s GROUP BY stream
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, position = excluded.position,
    events = x.events + excluded.events
"""

# As many events as it says came with it, just before it. What it imported may have been imported
# there before, and is all one here.
_EXPECT_IMPORTS = """
INSERT INTO expected_imports (workspace_id, first_position, last_position, came_at, log_id, link)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id) DO UPDATE SET (first_position, last_position, came_at, log_id, link)
    = (excluded.first_position, excluded.last_position, excluded.came_at, excluded.log_id,
        excluded.link)
"""

_EXPECT_GUARDS = """
INSERT INTO expected_guards AS x (name, position)
SELECT * FROM unnest(%s::text[], %s::bigint[])
ON CONFLICT (name) DO UPDATE SET position = excluded.position
"""

_EXPECT_SEQUENCES = """
INSERT INTO expected_sequences AS x (name, value, drawn)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])
ON CONFLICT (name) DO UPDATE SET value = greatest(x.value, excluded.value),
    drawn = x.drawn + excluded.drawn
"""

# A value is its last taker's, unless that one has given it back since: within a commit values are
# given back before they are taken, and only their holder gives them back.
_EXPECT_CLAIMS = """
INSERT INTO expected_claims (scope, value_hmac, owner)
WITH entries AS (
    SELECT k.position, c->>'scope' AS scope, decode(c->>'hmac', 'hex') AS value_hmac,
        c->>'owner' AS owner, (c->>'holding')::boolean AS holding
    FROM log.commits k CROSS JOIN LATERAL jsonb_array_elements(k.claims) c
    WHERE k.claims IS NOT NULL
), taken AS (
    SELECT DISTINCT ON (scope, value_hmac) * FROM entries WHERE holding
    ORDER BY scope, value_hmac, position DESC
)
SELECT t.scope, t.value_hmac, t.owner FROM taken t
WHERE NOT EXISTS (
    SELECT FROM entries r
    WHERE NOT r.holding AND r.scope = t.scope AND r.value_hmac = t.value_hmac
        AND r.owner = t.owner AND r.position > t.position)
"""
