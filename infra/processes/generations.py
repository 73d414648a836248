"""The generations of views: their tables, their checkpoints, and which of them answers."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, LiteralString
from uuid import UUID

import psycopg

import domain
import projections
from domain.values.frozen import dataclass
from infra.postgres.arrays import BigintArray, IntegerArray, TextArray, Uuid
from infra.postgres.pool import Connection
from infra.postgres.trip import Statement, together
from infra.postgres.views import ddl
from infra.processes.outages import Fenced
from projections.projection import Projection

# Longer than the second (deadlock_timeout) after which autovacuum gives way to who waits for it.
DROP_LOCK_TIMEOUT_MS = 1_500
_DROP_AGAIN_S = 0.5

_MOVE: Final = """
SELECT ops.move_checkpoints(%s::text[], %s::integer[], %s::integer[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::uuid)
"""


@dataclass(frozen=True, slots=True, order=True)
class Generation:
    """One set of tables of one version of a view."""

    name: str
    version: int
    number: int

    @property
    def view(self) -> str:
        return f"{self.name} v{self.version}"

    def __str__(self) -> str:
        return f"{self.view} generation {self.number}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a generation stands. `answers`: the pointer names it."""

    generation: Generation
    state: str
    fingerprint: str
    position: int
    epoch: int
    log_id: str
    answers: bool
    created_at: datetime
    redacted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """A checkpoint's step, refused if it is not at `old` with `epoch` any more."""

    generation: Generation
    epoch: int
    old: int
    new: int


def view_lock(name: str, version: int) -> str:
    """The name under which one process at a time writes a view."""
    return f"view:{name}:{version}"


def fingerprint(shards: int = 1) -> str:
    """Of the code that folds, and in how many shards: an unfinished build by other code, or in
    other shards, is not gone on with."""
    digest = hashlib.sha256(str(shards).encode() if shards > 1 else b"")
    for package in (domain, projections):
        for root in package.__path__:
            for path in sorted(Path(root).rglob("*.py")):
                digest.update(path.read_bytes())
    return digest.hexdigest()


async def standings(connection: Connection, names: Iterable[str] | None = None) -> list[Standing]:
    """Every generation of these views (None: of all), in order."""
    cursor = await connection.execute(
        "SELECT g.name, g.version, g.generation, g.state, g.fingerprint, c.position, c.epoch,"
        " c.log_id::text, p.generation IS NOT NULL, g.created_at, g.redacted_at"
        " FROM ops.projection_generations g"
        " JOIN ops.checkpoints c USING (name, version, generation)"
        " LEFT JOIN ops.projection_pointers p USING (name, version, generation)"
        " WHERE %s::text[] IS NULL OR g.name = ANY(%s)"
        " ORDER BY g.name, g.version, g.generation",
        (wanted := None if names is None else list(names), wanted),
    )
    return [Standing(Generation(*row[:3]), *row[3:]) for row in await cursor.fetchall()]


async def standings_of(connection: Connection, projection: Projection) -> list[Standing]:
    """The generations of this version of a view."""
    return [
        standing
        for standing in await standings(connection, [projection.name])
        if standing.generation.version == projection.version
    ]


async def create(
    connection: Connection, projection: Projection, log_id: str, shards: int = 1
) -> Generation:
    """A new generation with empty tables and no indexes, state `building`, position 0; of its
    shards, where it is built in several, each is there too."""
    async with connection.transaction():
        cursor = await connection.execute(
            "INSERT INTO ops.generation_numbers AS n (name, version, last) VALUES (%s, %s, 1)"
            " ON CONFLICT (name, version) DO UPDATE SET last = n.last + 1 RETURNING last",
            (projection.name, projection.version),
        )
        row = await cursor.fetchone()
        assert row is not None
        generation = Generation(projection.name, projection.version, int(row[0]))
        relations = [
            ddl.relation(projection, table, generation.number) for table in projection.tables
        ]
        await connection.execute(
            "INSERT INTO ops.projection_generations"
            " (name, version, generation, state, fingerprint, relations)"
            " VALUES (%s, %s, %s, 'building', %s, %s)",
            (*_key(generation), fingerprint(shards), relations),
        )
        await connection.execute(
            "INSERT INTO ops.checkpoints (name, version, generation, log_id)"
            " VALUES (%s, %s, %s, %s)",
            (*_key(generation), log_id),
        )
        if shards > 1:
            await connection.execute(
                "INSERT INTO ops.build_shards (name, version, generation, shard)"
                " SELECT %s, %s, %s, generate_series(0, %s - 1)",
                (*_key(generation), shards),
            )
        for table in projection.tables:
            for statement in ddl.create_table(table, projection, generation.number):
                await connection.execute(statement)
    return generation


async def is_indexed(
    connection: Connection, projection: Projection, generation: Generation
) -> bool:
    """Whether nothing that a bulk load leaves out is still to be made."""
    names = [
        name
        for table in projection.tables
        for name in ddl.index_names(table, projection, generation.number)
    ]
    cursor = await connection.execute(
        "SELECT count(*) FROM pg_class"
        " WHERE relnamespace = %s::regnamespace AND relname = ANY (%s)",
        (ddl.SCHEMA, names),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0]) == len(names)


async def hold_indexes(connection: Connection, generation: Generation) -> None:
    """Until this session ends nobody else who holds them makes indexes of the generation."""
    await connection.execute(
        "SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"taskledger:indexes:{generation}",)
    )


async def create_indexes(
    projection: Projection, generation: Generation, *connections: Connection
) -> None:
    """What a bulk load left out, by all these connections at once; done again, it changes
    nothing."""
    await _share(
        connections,
        [
            statement
            for table in projection.tables
            for statement in ddl.create_indexes(table, projection, generation.number)
        ],
    )
    await _share(connections, _analysing(projection, generation))


async def _share(connections: Sequence[Connection], statements: Sequence[str]) -> None:
    left = deque(statements)

    async def run(connection: Connection) -> None:
        while left:
            await connection.execute(left.popleft())

    await asyncio.gather(*map(run, connections))


async def force_policies(
    connection: Connection, projection: Projection, generation: Generation, *, force: bool = True
) -> None:
    """Hold the owner of the tables to their row policies, or let go of it for a bulk load. Done
    again, it changes nothing and waits for nobody."""
    cursor = await connection.execute(
        "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = %s::regnamespace"
        " AND c.relname = ANY (%s) AND c.relforcerowsecurity",
        (
            ddl.SCHEMA,
            [
                ddl.relation_name(projection, table, generation.number)
                for table in projection.tables
            ],
        ),
    )
    forced = {name for (name,) in await cursor.fetchall()}
    for table in projection.tables:
        is_forced = ddl.relation_name(projection, table, generation.number) in forced
        if is_forced != force:
            for statement in ddl.force_policies(table, projection, generation.number, force=force):
                await connection.execute(statement)


async def analyse(connection: Connection, projection: Projection, generation: Generation) -> None:
    """Bring the planner's statistics up to date; every session plans its statements anew then."""
    await _share([connection], _analysing(projection, generation))


def _analysing(projection: Projection, generation: Generation) -> list[str]:
    return [
        f"ANALYZE {ddl.relation(projection, table, generation.number)}"
        for table in projection.tables
    ]


async def claim(
    connection: Connection, generations: Sequence[Generation], log_id: str
) -> dict[Generation, tuple[int, int]]:
    """Become the owner of these checkpoints: generation -> (position, epoch).

    A generation that is gone, or of another incarnation of the log, is left out.
    """
    cursor = await connection.execute(
        "UPDATE ops.checkpoints c SET epoch = c.epoch + 1"
        " FROM unnest(%s::text[], %s::integer[], %s::integer[]) AS k (name, version, generation)"
        " WHERE c.name = k.name AND c.version = k.version AND c.generation = k.generation"
        " AND c.log_id = %s"
        " RETURNING c.name, c.version, c.generation, c.position, c.epoch",
        (*_columns(generations), log_id),
    )
    return {Generation(*row[:3]): (int(row[3]), int(row[4])) for row in await cursor.fetchall()}


async def adopt(connection: Connection, names: Sequence[str], log_id: str) -> list[Generation]:
    """Bring these views' checkpoints of an earlier incarnation over to this one. Returns those
    that cannot be: they are ahead of the log, so their rows hold what the log has lost."""
    await connection.execute(
        "UPDATE ops.checkpoints SET log_id = %s, epoch = epoch + 1"
        " WHERE name = ANY(%s) AND log_id <> %s"
        " AND position <= (SELECT position FROM log.head)",
        (log_id, list(names), log_id),
    )
    cursor = await connection.execute(
        "SELECT name, version, generation FROM ops.checkpoints"
        " WHERE name = ANY(%s) AND log_id <> %s",
        (list(names), log_id),
    )
    return [Generation(*row) for row in await cursor.fetchall()]


async def discard(connection: Connection, generation: Generation) -> None:
    """Drop a generation even if it answers: nothing then does until another one is built."""
    await unpoint(connection, generation)
    while True:
        if await drop(connection, generation):
            return
        await asyncio.sleep(_DROP_AGAIN_S)


async def unpoint(connection: Connection, generation: Generation) -> None:
    """Let it answer no more."""
    await connection.execute(
        "DELETE FROM ops.projection_pointers WHERE name = %s AND version = %s AND generation = %s",
        _key(generation),
    )


async def move(connection: Connection, moves: Sequence[Move], log_id: str) -> None:
    """First statement of a batch's transaction; SQLSTATE TL001 when one may not move."""
    await together(connection, [moving(moves, log_id)])


def moving(moves: Sequence[Move], log_id: str) -> Statement:
    """What `move` does."""
    names, versions, numbers = _columns([step.generation for step in moves])
    values = (
        TextArray.of(names),
        IntegerArray.of(versions),
        IntegerArray.of(numbers),
        BigintArray.of([step.epoch for step in moves]),
        BigintArray.of([step.old for step in moves]),
        BigintArray.of([step.new for step in moves]),
        Uuid(UUID(log_id)),
    )
    return _MOVE, values


async def position_of(connection: Connection, generation: Generation) -> int:
    """Raises Fenced where the generation has gone."""
    return await _position(
        connection,
        "SELECT position FROM ops.checkpoints WHERE name = %s AND version = %s AND generation = %s",
        generation,
    )


async def take_over(writer: Connection, generation: Generation) -> int:
    """Lock the checkpoint and raise its epoch, within the caller's transaction: the projector
    waits, then reads all anew. The position; raises Fenced where the generation has gone."""
    return await _position(
        writer,
        "UPDATE ops.checkpoints SET epoch = epoch + 1"
        " WHERE name = %s AND version = %s AND generation = %s RETURNING position",
        generation,
    )


async def note_redacted(connection: Connection, generation: Generation) -> None:
    await connection.execute(
        "UPDATE ops.projection_generations SET redacted_at = clock_timestamp()"
        " WHERE name = %s AND version = %s AND generation = %s",
        _key(generation),
    )


async def set_state(connection: Connection, generation: Generation, state: str) -> None:
    await connection.execute(
        "UPDATE ops.projection_generations SET state = %s, changed_at = clock_timestamp()"
        " WHERE name = %s AND version = %s AND generation = %s",
        (state, *_key(generation)),
    )


async def point(connection: Connection, generation: Generation) -> bool:
    """Let `generation` answer, and retire the one that did; False, and nothing done, while it is
    behind that one: what a reader has seen may not go away again."""
    async with connection.transaction():
        cursor = await connection.execute(
            "SELECT generation, position FROM ops.checkpoints"
            " WHERE name = %s AND version = %s ORDER BY generation FOR UPDATE",
            (generation.name, generation.version),
        )
        positions = {int(number): int(position) for number, position in await cursor.fetchall()}
        cursor = await connection.execute(
            "SELECT generation FROM ops.projection_pointers"
            " WHERE name = %s AND version = %s FOR UPDATE",
            (generation.name, generation.version),
        )
        row = await cursor.fetchone()
        present = None if row is None else int(row[0])
        if present == generation.number:
            return True
        if present is not None and positions[present] > positions[generation.number]:
            return False
        await connection.execute(
            "INSERT INTO ops.projection_pointers (name, version, generation) VALUES (%s, %s, %s)"
            " ON CONFLICT (name, version)"
            " DO UPDATE SET generation = EXCLUDED.generation, moved_at = clock_timestamp()",
            _key(generation),
        )
        if present is not None:
            old = Generation(generation.name, generation.version, present)
            await set_state(connection, old, "retired")
    return True


async def drop(connection: Connection, generation: Generation) -> bool:
    """Drop a generation that does not answer, with all it has; False while readers hold it.

    Its checkpoint is locked first, as by every batch: the projector's next batch finds it gone.
    """
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{DROP_LOCK_TIMEOUT_MS}ms'")
            await connection.execute(
                "SELECT FROM ops.checkpoints"
                " WHERE name = %s AND version = %s AND generation = %s FOR UPDATE",
                _key(generation),
            )
            cursor = await connection.execute(
                "DELETE FROM ops.projection_generations"
                " WHERE name = %s AND version = %s AND generation = %s RETURNING relations",
                _key(generation),
            )
            row = await cursor.fetchone()
            for relation in row[0] if row else ():
                await connection.execute(f"DROP TABLE IF EXISTS {relation}")
    except psycopg.errors.LockNotAvailable:
        return False
    return True


async def retired(connection: Connection, older_than_s: float) -> list[Generation]:
    """Generations that may be dropped: retired so long ago that every reader has seen it."""
    cursor = await connection.execute(
        "SELECT name, version, generation FROM ops.projection_generations"
        " WHERE state = 'retired' AND changed_at < clock_timestamp() - make_interval(secs => %s)",
        (older_than_s,),
    )
    return [Generation(*row) for row in await cursor.fetchall()]


async def _position(connection: Connection, sql: LiteralString, generation: Generation) -> int:
    row = await (await connection.execute(sql, _key(generation))).fetchone()
    if row is None:
        raise Fenced(f"{generation} has been dropped by somebody else")
    return int(row[0])


def _key(generation: Generation) -> tuple[str, int, int]:
    return generation.name, generation.version, generation.number


def _columns(generations: Sequence[Generation]) -> tuple[list[str], list[int], list[int]]:
    return (
        [generation.name for generation in generations],
        [generation.version for generation in generations],
        [generation.number for generation in generations],
    )
