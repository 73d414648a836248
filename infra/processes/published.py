"""Whether what JetStream holds is what the log says: after a restore it may not be."""

from collections.abc import Sequence

import structlog

from infra.event_store.rows import StoredRow
from infra.nats.stream import LogStream
from infra.nats.wire import Batch, WireError
from infra.processes.log import Log

log = structlog.get_logger()


async def last_batch(stream: LogStream) -> Batch | None:
    """What was published last; None where there is nothing, or nothing that can be read."""
    try:
        batch = await stream.last()
        if batch is not None:
            batch.rows()
        return batch
    except WireError as error:
        log.warning("stream_holds_foreign_bytes", error=str(error))
        return None


async def contradiction(batch: Batch | None, head: int, store: Log) -> str | None:
    """Why the log cannot be the one that `batch` was published from, None if it may be."""
    if batch is None:
        return None
    if batch.last > head:
        return (
            f"the log's head is {head}, but {batch.last} was published: "
            "the database has been restored to an earlier state, or has lost its last commits"
        )
    present: Sequence[StoredRow] = await store.read_rows(batch.last, batch.last)
    if not present or present[0] != batch.rows()[-1]:
        return f"event {batch.last} is not the one that was published: the log's past has changed"
    return None
