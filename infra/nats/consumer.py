"""A durable pull consumer of the log's stream, read a bounded way ahead of its use."""

import json
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import api
from nats.js.errors import NotFoundError

from infra.nats.connection import NatsAway, NatsConnection, Subscription
from infra.nats.subjects import Subjects

WINDOW = 64
EXPIRES_S = 30
HEARTBEAT_S = 1.0
SILENT_AFTER_S = 3.0
ACK_WAIT_S = 30
FORGOTTEN_AFTER_S = 3 * 24 * 3600

log = structlog.get_logger()

_STATUS = api.Header.STATUS.value
_PENDING = "Nats-Pending-Messages"
_HEARTBEAT = "100"


class Message(Protocol):
    """A message of the stream, as far as its reader needs to know it."""

    @property
    def data(self) -> bytes: ...

    @property
    def reply(self) -> str:
        """Where it is acknowledged."""
        ...


class LogConsumer:
    """Keeps up to WINDOW messages at hand or asked for; `arrived` is called as one comes in.

    The log is the truth and this only carries it: what is lost here, the reader sees as a gap.
    A consumer that is made anew starts with what is published from then on.
    """

    def __init__(
        self,
        connection: NatsConnection,
        subjects: Subjects,
        durable: str,
        arrived: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._subjects = subjects
        self._durable = durable
        self._arrived = arrived
        self._inbox: Subscription | None = None
        self._buffer: deque[Msg] = deque()
        self._outstanding = 0
        self._heard_at = 0.0
        self._connects = -1
        self._broken = True
        self._waiting = False

    @property
    def flowing(self) -> bool:
        """Connected, bound to its durable, and heard of not long ago."""
        return (
            not self._broken
            and self._connection.connected
            and self._connects == self._connection.connects
            and (not self._outstanding or time.monotonic() - self._heard_at < SILENT_AFTER_S)
        )

    @property
    def holds_messages(self) -> bool:
        return bool(self._buffer)

    def take(self) -> Message | None:
        """The next message at hand, None when there is none."""
        return self._buffer.popleft() if self._buffer else None

    def clear(self) -> None:
        """Forget the messages at hand; they are not acknowledged."""
        self._buffer.clear()

    async def mend(self) -> bool:
        """Make it flow again if it does not. True when it was bound anew, after which the reader
        must ask the log: messages may have passed meanwhile. Never raises; call it each second."""
        if self.flowing or not self._connection.connected:
            return False
        try:
            await self._bind()
        except (NatsAway, NatsError, TimeoutError, OSError) as error:
            self._broken = True
            if not self._waiting:
                self._waiting = True
                log.info("consumer_waits_for_stream", durable=self._durable, error=repr(error))
            return False
        self._waiting = False
        return True

    async def pull(self) -> None:
        """Ask for more if less than half of the window is at hand or on its way."""
        if self._broken or not self._connection.connected:
            return
        wanted = WINDOW - len(self._buffer) - self._outstanding
        if wanted < WINDOW // 2:
            return
        request = {
            "batch": wanted,
            "expires": EXPIRES_S * 1_000_000_000,
            "idle_heartbeat": int(HEARTBEAT_S * 1_000_000_000),
        }
        if self._inbox is None:
            return
        try:
            await self._connection.client().publish(
                f"$JS.API.CONSUMER.MSG.NEXT.{self._subjects.stream}.{self._durable}",
                json.dumps(request).encode(),
                reply=self._inbox.subject,
            )
        except (NatsAway, NatsError, OSError):
            self._broken = True
        else:
            self._outstanding += wanted

    async def acknowledge(self, message: Message) -> None:
        """This message and all before it are done with."""
        await self._connection.publish(message.reply, b"+ACK")

    async def close(self) -> None:
        if self._inbox is not None:
            await self._inbox.close()
            self._inbox = None
        self._buffer.clear()

    async def _bind(self) -> None:
        self._connects = self._connection.connects
        manager = self._connection.jetstream()
        try:
            await manager.consumer_info(self._subjects.stream, self._durable)
        except NotFoundError:
            await manager.add_consumer(
                self._subjects.stream,
                api.ConsumerConfig(
                    durable_name=self._durable,
                    deliver_policy=api.DeliverPolicy.NEW,
                    ack_policy=api.AckPolicy.ALL,
                    ack_wait=ACK_WAIT_S,
                    max_ack_pending=4 * WINDOW,
                    inactive_threshold=FORGOTTEN_AFTER_S,
                ),
            )
            log.info("consumer_made", durable=self._durable)
        if self._inbox is not None:
            await self._inbox.close()
        self._inbox = await self._connection.subscribe(
            self._connection.client().new_inbox(), self._receive
        )
        self._outstanding = 0
        self._heard_at = time.monotonic()
        self._broken = False
        await self.pull()

    def _receive(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        headers = message.headers or {}
        status = headers.get(_STATUS)
        if status is None:
            self._outstanding = max(0, self._outstanding - 1)
            self._buffer.append(message)
        elif status == _HEARTBEAT:
            return
        elif status == "408":
            unused = headers.get(_PENDING, "")
            gone = int(unused) if unused.isdigit() else self._outstanding
            self._outstanding = max(0, self._outstanding - gone)
        else:
            log.info("consumer_lost", durable=self._durable, status=status)
            self._broken = True
        self._arrived()
