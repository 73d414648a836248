"""Says in the log where all chains stand: once in a while, and where somebody waits for it."""

import asyncio
import secrets
import time
from typing import Final, NamedTuple

import msgspec

from commands.commit import Commit, NewEvent
from commands.ports import StreamMoved
from domain.errors import Kind, Refused
from domain.ledger.events import ChainsSummed
from domain.ledger.state import LEDGER_STREAM
from domain.record.chains import chains_root
from domain.values.ids import SYSTEM_ACTOR, SYSTEM_WORKSPACE
from domain.values.recorded import Origin
from infra.event_store.rows import StoredRow
from infra.event_store.store import PostgresEventStore
from infra.nats.connection import NatsConnection
from infra.nats.wake import CommitWaker
from infra.postgres.pool import Connection, Pool
from infra.record import entries

SEALER: Final = Origin(actor=SYSTEM_ACTOR, via="sealer")
SUMMED: Final = "ChainsSummed.v1"
PATIENCE_S: Final = 30.0

_TRIES: Final = 3
_POLL_S: Final = 0.05
_ASK: Final = (
    "UPDATE record.asked SET upto = greatest(upto, (SELECT position FROM log.head))"
    " RETURNING (SELECT position FROM log.head)"
)
_ANSWER: Final = """
SELECT s.position, s.upto FROM record.summaries s
WHERE s.upto >= %s AND EXISTS (
    SELECT FROM record.checkpoints c JOIN log.head h USING (log_id) WHERE c.size >= s.position
)
ORDER BY s.position LIMIT 1
"""


class Summary(NamedTuple):
    """The event `ChainsSummed` at `position` covers the log up to `upto`."""

    position: int
    upto: int


async def record(store: PostgresEventStore, *events: object, origin: Origin = SEALER) -> int:
    """Events of the log about itself, appended as one commit; the last one's position.

    `store` has been started. Raises Refused while nothing can be appended.
    """
    for tried in range(1, _TRIES + 1):
        try:
            receipt = await store.append(await commit_of(store, events, origin))
        except StreamMoved:
            if tried == _TRIES:
                raise
        else:
            return receipt.position
    raise AssertionError("a try returns or raises")


async def sum_chains(store: PostgresEventStore, session: Connection, upto: int) -> Summary:
    """Append where all chains stood just after `upto`, up to which all entries are there."""
    chains = await entries.chains_at(session, upto)
    root = await asyncio.to_thread(chains_root, chains)
    event = ChainsSummed(upto=upto, workspaces=len(chains), root=root)
    return Summary(await record(store, event), upto)


async def summed(
    pool: Pool, nats: NatsConnection | None, log_id: str, *, within_s: float = PATIENCE_S
) -> Summary:
    """Have the sealer sum up all that is recorded by now, and wait until it has signed that.

    For any process beside a running sealer, as the api or the worker. Raises
    Refused(DEPENDENCY_DOWN) where that does not happen in time.
    """
    deadline = time.monotonic() + within_s
    async with pool.connection() as connection:
        row = await (await connection.execute(_ASK)).fetchone()
        assert row is not None
    head = int(row[0])
    if nats is not None:
        CommitWaker(nats, log_id)(head)
    while time.monotonic() < deadline:
        async with pool.connection() as connection:
            row = await (await connection.execute(_ANSWER, (head,))).fetchone()
        if row is not None:
            return Summary(*row)
        await asyncio.sleep(_POLL_S)
    raise Refused(
        Kind.DEPENDENCY_DOWN,
        f"The sealer has not signed what is recorded up to position {head}; /readyz says why.",
        retry_after=5,
    )


def summaries_in(rows: list[StoredRow]) -> list[Summary]:
    """Those of the events that sum chains."""
    return [
        Summary(row.position, msgspec.msgpack.decode(row.payload)["upto"])
        for row in rows
        if row.type == SUMMED
    ]


async def keep_summaries(session: Connection, found: list[Summary]) -> None:
    """Where they can be found without reading the log."""
    for each in found:
        await session.execute(
            "INSERT INTO record.summaries (position, upto) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            each,
        )


async def last_summed(session: Connection) -> int:
    """Up to where all chains were summed up; 0 where they never were."""
    query = "SELECT coalesce(max(upto), 0) FROM record.summaries"
    row = await (await session.execute(query)).fetchone()
    assert row is not None
    return int(row[0])


async def commit_of(
    store: PostgresEventStore, events: tuple[object, ...], origin: Origin
) -> Commit:
    """What the log has to append for these events about itself."""
    version = await store.version_of(LEDGER_STREAM)
    return Commit(
        command_id=secrets.token_bytes(16),
        workspace_id=SYSTEM_WORKSPACE,
        main_stream=LEDGER_STREAM,
        origin=origin,
        events=tuple(NewEvent(SYSTEM_WORKSPACE, LEDGER_STREAM, event) for event in events),
        expected={LEDGER_STREAM: version},
    )
