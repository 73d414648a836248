"""The log's identity: a new one says that what was said of the old one need not hold."""

import uuid

from infra.event_store.batch import append_within
from infra.event_store.encoder import EncodedCommit
from infra.postgres.pool import Connection


async def declare_incarnation(
    connection: Connection,
    reason: str,
    *,
    log_id: uuid.UUID | None = None,
    says: EncodedCommit | None = None,
) -> uuid.UUID:
    """Give the log a new identity, valid for the positions after its head; return it.

    For after a restore or a failover that lost something: views, streams and caches of the old
    identity are then not believed any more. Every process that works with the old one stops
    appending at once and must be started anew. `says` is appended as the first commit of the new
    one; the connection is then one of a pool. Needs the owner's connection.

    Raises Refused where the log does not take that commit; then nothing is declared.
    """
    log_id = log_id or uuid.uuid4()
    async with connection.transaction():
        await connection.execute("SELECT FROM log.head FOR UPDATE")
        await connection.execute(
            "INSERT INTO log.incarnations (log_id, declared_at, after_position, reason)"
            " SELECT %s, clock_timestamp(), position, %s FROM log.head",
            (log_id, reason),
        )
        await connection.execute("UPDATE log.head SET log_id = %s", (log_id,))
        if says is not None:
            await append_within(connection, log_id, says)
    return log_id
