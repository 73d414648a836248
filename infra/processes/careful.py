"""Applies events of which one may be poison: finds it on savepoints, and parks its stream alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from infra.event_store.codec import Unreadable
from infra.event_store.rows import StoredRow, moment
from infra.postgres.pool import Connection
from infra.processes import dead_letters
from infra.processes.folding import CannotApply, Undecoded, concerns, fold
from infra.processes.generations import Generation
from infra.processes.kept_rows import NO_LIMITS
from infra.processes.log import Log
from infra.processes.outages import described, is_outage
from infra.processes.rows import RowStore
from projections.projection import Projection

ATTEMPTS = 3
PAUSE_S = 0.02

log = structlog.get_logger()


async def decode(store: Log, rows: Sequence[StoredRow], *, aliases: bool = False) -> list[Recorded]:
    """As Log.decode, but a row that cannot be read becomes an Undecoded one."""
    try:
        return list(await store.decode(rows, aliases=aliases))
    except Exception as error:
        if is_outage(error):
            raise
        if len(rows) == 1:
            return [await _undecoded(store, rows[0], described(error), aliases=aliases)]
    middle = len(rows) // 2
    return [
        *await decode(store, rows[:middle], aliases=aliases),
        *await decode(store, rows[middle:], aliases=aliases),
    ]


async def apply(
    connection: Connection,
    projection: Projection,
    generation: Generation,
    parked: set[str],
    events: Sequence[Recorded],
) -> None:
    """Apply all but what cannot be, within the caller's transaction; `parked` grows by the
    streams that had to be. Raises only what is_outage says yes to."""
    if not events:
        return
    failure: Exception | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with connection.transaction():
                await _apply(connection, projection, generation, parked, events)
            return
        except Exception as error:
            if is_outage(error):
                raise
            failure = error
        if len(events) > 1:
            middle = len(events) // 2
            await apply(connection, projection, generation, parked, events[:middle])
            await apply(connection, projection, generation, parked, events[middle:])
            return
        if attempt < ATTEMPTS:
            await asyncio.sleep(PAUSE_S * attempt)
    assert failure is not None
    await _park(connection, generation, parked, events[0], failure)


async def _apply(
    connection: Connection,
    projection: Projection,
    generation: Generation,
    parked: set[str],
    events: Sequence[Recorded],
) -> None:
    apart = [recorded for recorded in events if recorded.stream in parked]
    clear = [recorded for recorded in events if recorded.stream not in parked]
    rows = RowStore(projection, generation, NO_LIMITS)
    await rows.load(connection, rows.asked(clear))
    for recorded in clear:
        fold(projection, recorded, rows)
    await rows.changes().write(connection)
    skipped = [dead_letters.behind(event) for event in apart if concerns(projection, event)]
    await dead_letters.store(connection, generation, skipped)


async def _park(
    connection: Connection,
    generation: Generation,
    parked: set[str],
    recorded: Recorded,
    failure: Exception,
) -> None:
    error = str(failure) if isinstance(failure, CannotApply) else described(failure)
    letter = dead_letters.poison(recorded, error, ATTEMPTS)
    await dead_letters.store(connection, generation, [letter])
    parked.add(recorded.stream)
    log.error(
        "stream_parked",
        view=str(generation),
        stream=recorded.stream,
        position=recorded.position,
        type=recorded.type,
        error=error,
    )


async def _undecoded(store: Log, row: StoredRow, error: str, *, aliases: bool) -> Recorded:
    """Who did it, and from where, is told all the same where the envelope can be read."""
    unread = Undecoded(error)
    try:
        return replace(await store.decode_envelope(row, aliases=aliases), event=unread)
    except Unreadable:
        stamp = Stamp(
            workspace_id=row.workspace_id,
            stream=row.stream,
            version=row.version,
            actor="",
            recorded_at=moment(row.recorded_at),
            position=row.position,
            number=row.number,
        )
        return Recorded(unread, row.type, stamp, "", Origin(""))
