"""One connection to NATS that heals by itself and never holds up its owner."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as ClientSubscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from infra.tasks import cancelled

CONNECT_TIMEOUT_S = 2
RETRY_S = 0.25
PING_INTERVAL_S = 5
PENDING_BYTES = 8 * 1024 * 1024
API_TIMEOUT_S = 2.0

log = structlog.get_logger()

Handler = Callable[[Msg], None]


class NatsAway(Exception):
    """There is no connection now; it is being made again."""


class Subscription:
    """One subject and its handler, kept over every reconnect until `close`."""

    def __init__(self, owner: "NatsConnection", subject: str, handler: Handler) -> None:
        self._owner = owner
        self.subject = subject
        self._handler = handler
        self._live: ClientSubscription | None = None

    async def attach(self, client: Client) -> None:
        async def deliver(message: Msg) -> None:
            self._handler(message)

        self._live = await client.subscribe(self.subject, cb=deliver)

    async def close(self) -> None:
        self._owner.forget(self)
        live, self._live = self._live, None
        if live is not None:
            try:
                await live.unsubscribe()
            except NatsError:
                log.debug("nats_unsubscribe_failed", subject=self.subject)


class NatsConnection:
    """Connects in the background and reconnects for ever, also after the server refused us.

    `url`: one address or several, with commas between; a user and password in the first one
    (percent-encoded) are used for all. Handlers are plain functions and must not block.
    """

    def __init__(self, url: str, name: str) -> None:
        self._servers = [part.strip() for part in url.split(",") if part.strip()]
        first = urlsplit(self._servers[0])
        self._user = unquote(first.username) if first.username else None
        self._password = unquote(first.password) if first.password else None
        self._name = name
        self._client: Client | None = None
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._subscriptions: list[Subscription] = []
        self.connects = 0

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to connect; returns at once, whether NATS is there or not."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="nats-keeper")

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    async def wait_connected(self, within_s: float | None = None) -> bool:
        """True as soon as there is a connection; False when `within_s` have passed without."""
        try:
            await asyncio.wait_for(self._connected.wait(), within_s)
        except TimeoutError:
            return False
        return True

    def client(self) -> Client:
        """The live client. Raises NatsAway."""
        if self._client is None or not self.connected:
            raise NatsAway
        return self._client

    def jetstream(self) -> JetStreamContext:
        """Raises NatsAway."""
        return self.client().jetstream(timeout=API_TIMEOUT_S)

    async def publish(self, subject: str, payload: bytes) -> bool:
        """Send and ask for no acknowledgement; False, and nothing sent, when NATS is away."""
        try:
            await self.client().publish(subject, payload)
        except (NatsAway, NatsError, OSError):
            return False
        return True

    async def subscribe(self, subject: str, handler: Handler) -> Subscription:
        """Works at any time: what is subscribed while NATS is away begins when it comes."""
        subscription = Subscription(self, subject, handler)
        self._subscriptions.append(subscription)
        if self._client is not None and self.connected:
            await subscription.attach(self._client)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    async def close(self) -> None:
        """Send what is waiting, then close. Never raises, and takes a few seconds at most."""
        if self._keeper is not None:
            await cancelled(self._keeper)
            self._keeper = None

    async def _keep(self) -> None:
        while True:
            client = Client()
            self._lost.clear()
            try:
                await self._open(client)
                await self._lost.wait()
                log.warning("nats_connection_closed_by_server", name=self._name)
            except (NatsError, OSError, TimeoutError) as error:
                log.warning("nats_connect_failed", name=self._name, error=repr(error))
            finally:
                self._connected.clear()
                self._client = None
                await _shut(client)
            await asyncio.sleep(RETRY_S)

    async def _open(self, client: Client) -> None:
        await client.connect(
            servers=self._servers,
            name=self._name,
            user=self._user,
            password=self._password,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RETRY_S,  # type: ignore[arg-type]  # it is slept: any number does
            connect_timeout=CONNECT_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            max_outstanding_pings=2,
            pending_size=PENDING_BYTES,
            drain_timeout=2,
            flush_timeout=2,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            closed_cb=self._on_closed,
        )
        self._client = client
        for subscription in tuple(self._subscriptions):
            await subscription.attach(client)
        self._announce()

    def _announce(self) -> None:
        self.connects += 1
        self._connected.set()
        log.info("nats_connected", name=self._name, connects=self.connects)

    async def _on_error(self, error: Exception) -> None:
        log.debug("nats_error", name=self._name, error=repr(error))

    async def _on_disconnected(self) -> None:
        if self.connected:
            log.warning("nats_away", name=self._name)
        self._connected.clear()

    async def _on_reconnected(self) -> None:
        self._announce()

    async def _on_closed(self) -> None:
        self._connected.clear()
        self._lost.set()


async def _shut(client: Client) -> None:
    try:
        async with asyncio.timeout(3):
            if client.is_connected:
                await client.flush(timeout=1)
            await client.close()
    except (NatsError, OSError, TimeoutError) as error:
        log.debug("nats_close_failed", error=repr(error))
