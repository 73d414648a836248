"""The log heard as the relay publishes it: to know early, never to know for certain."""

from collections.abc import Callable, Sequence

from nats.aio.msg import Msg

from infra.event_store.rows import StoredRow
from infra.nats.connection import NatsConnection, Subscription
from infra.nats.subjects import Subjects
from infra.nats.wire import WireError, decode_batch


async def on_news(
    connection: NatsConnection, log_id: str, heard: Callable[[Sequence[StoredRow]], None]
) -> Subscription:
    """Call `heard` with each batch of rows, still sealed. Some may come twice or never."""

    def deliver(message: Msg) -> None:
        try:
            batch = decode_batch(message.data)
            if batch.log_id == log_id:
                heard(batch.rows())
        except WireError:
            return

    return await connection.subscribe(Subjects(log_id).log, deliver)
