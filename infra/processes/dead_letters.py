"""Events that a view could not apply: kept, counted, and never skipped silently."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.postgres.pool import Connection
from infra.postgres.trip import Statement, together
from infra.processes.generations import Generation

_STORE: Final = """
INSERT INTO ops.dead_letters (name, version, generation, position, workspace_id, stream,
    stream_version, type, error, attempts)
SELECT %s, %s, %s, * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::integer[],
    %s::text[], %s::text[], %s::integer[])
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`error` is None for an event that only waits behind an earlier one of its stream."""

    position: int
    workspace_id: str
    stream: str
    stream_version: int
    type: str
    error: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that a generation leaves alone. `error` is that of its first dead letter."""

    generation: Generation
    workspace_id: str
    stream: str
    first_position: int
    events: int
    type: str
    error: str
    attempts: int
    parked_at: datetime


def behind(recorded: Recorded) -> DeadLetter:
    """A later event of a stream that is parked already."""
    return _letter(recorded, None, 0)


def poison(recorded: Recorded, error: str, attempts: int) -> DeadLetter:
    """The event that parks its stream."""
    return _letter(recorded, error, attempts)


async def store(
    connection: Connection, generation: Generation, letters: Sequence[DeadLetter]
) -> None:
    """Within the transaction that moves the checkpoint past them."""
    await together(connection, storing(generation, letters))


def storing(generation: Generation, letters: Sequence[DeadLetter]) -> list[Statement]:
    """What `store` does."""
    if not letters:
        return []
    values = (
        generation.name,
        generation.version,
        generation.number,
        [letter.position for letter in letters],
        [letter.workspace_id for letter in letters],
        [letter.stream for letter in letters],
        [letter.stream_version for letter in letters],
        [letter.type for letter in letters],
        [letter.error for letter in letters],
        [letter.attempts for letter in letters],
    )
    return [(_STORE, values)]


async def parked(connection: Connection, generation: Generation) -> set[str]:
    """The streams that this generation leaves alone."""
    cursor = await connection.execute(
        "SELECT DISTINCT stream FROM ops.dead_letters"
        " WHERE name = %s AND version = %s AND generation = %s",
        (generation.name, generation.version, generation.number),
    )
    return {str(row[0]) for row in await cursor.fetchall()}


async def first_positions(connection: Connection, generation: Generation) -> dict[str, int]:
    """Parked stream -> the position of its first dead letter."""
    cursor = await connection.execute(
        "SELECT stream, min(position) FROM ops.dead_letters"
        " WHERE name = %s AND version = %s AND generation = %s GROUP BY stream",
        (generation.name, generation.version, generation.number),
    )
    return {str(stream): int(position) for stream, position in await cursor.fetchall()}


async def parked_streams(
    connection: Connection, name: str | None = None, stream: str | None = None
) -> list[ParkedStream]:
    """Of every view or of one, oldest first."""
    cursor = await connection.execute(
        "SELECT DISTINCT ON (name, version, generation, stream)"
        " name, version, generation, workspace_id, stream, position,"
        " count(*) OVER (PARTITION BY name, version, generation, stream),"
        " type, coalesce(error, ''), attempts, parked_at"
        " FROM ops.dead_letters"
        " WHERE (%s::text IS NULL OR name = %s) AND (%s::text IS NULL OR stream = %s)"
        " ORDER BY name, version, generation, stream, position",
        (name, name, stream, stream),
    )
    found = [ParkedStream(Generation(*row[:3]), *row[3:]) for row in await cursor.fetchall()]
    return sorted(found, key=lambda one: (one.first_position, one.generation))


async def letters(
    connection: Connection, generation: Generation, stream: str, limit: int
) -> list[DeadLetter]:
    """The first dead letters of one parked stream, in order."""
    cursor = await connection.execute(
        "SELECT position, workspace_id, stream, stream_version, type, error, attempts"
        " FROM ops.dead_letters"
        " WHERE name = %s AND version = %s AND generation = %s AND stream = %s"
        " ORDER BY position LIMIT %s",
        (generation.name, generation.version, generation.number, stream, limit),
    )
    return [DeadLetter(*row) for row in await cursor.fetchall()]


async def remove(connection: Connection, generation: Generation, streams: Sequence[str]) -> None:
    """Within the transaction that has brought these streams' rows up to the checkpoint."""
    await connection.execute(
        "DELETE FROM ops.dead_letters"
        " WHERE name = %s AND version = %s AND generation = %s AND stream = ANY(%s)",
        (generation.name, generation.version, generation.number, list(streams)),
    )


def _letter(recorded: Recorded, error: str | None, attempts: int) -> DeadLetter:
    stamp = recorded.stamp
    return DeadLetter(
        stamp.position,
        stamp.workspace_id,
        stamp.stream,
        stamp.version,
        recorded.type,
        error,
        attempts,
    )
