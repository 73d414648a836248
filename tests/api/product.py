"""The product in one thread of the test process: its HTTP door, relay and projector, over real
parts, on a real socket."""

import asyncio
import base64
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from api.app import create_app
from api.fair_server import FairServer
from infra.bootstrap import House, open_house
from infra.event_store.store import PostgresEventStore
from infra.keys.configured import master_keys
from infra.nats.connection import NatsConnection
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.opensearch.indexer import Indexer
from infra.postgres.pool import open_pool
from infra.processes.projector import Projector
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from infra.settings import Settings
from infra.tasks import cancelled
from projections.registry import VIEWS
from tests.real import Database, Parts
from tests.waiting import until

T = TypeVar("T")

_PATIENCE_S = 60.0

MASTER_KEY = base64.b64encode(bytes(range(32))).decode()


@dataclass
class Product:
    """`base_url` is where it listens. `house` and `app` live in its own thread's loop."""

    base_url: str
    settings: Settings
    house: House
    app: FastAPI
    loop: asyncio.AbstractEventLoop

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Done where the product lives."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


# No server is there: what a test does not catch waits in the outbox, and no file is written.
_UNLIMITED = {
    "rate_limit_per_minute": 0,
    "login_failures_per_address": 10_000,
    "mails_per_address": 10_000,
    "smtp_url": SecretStr("smtp://127.0.0.1:1"),
}


def settings_of(parts: Parts, database: Database, **changes: object) -> Settings:
    """Settings of a product over these parts; without limits that would stop a test."""
    return Settings(
        database_url=SecretStr(database.owner_url),
        api_database_url=SecretStr(database.api_url),
        worker_database_url=SecretStr(database.worker_url),
        nats_url=SecretStr(parts.nats_url),
        redis_url=SecretStr(parts.redis_url),
        master_key=SecretStr(MASTER_KEY),
        log_level="warning",
        **{**_UNLIMITED, **changes},  # type: ignore[arg-type]
    )


@contextmanager
def served(settings: Settings, *, views: bool = True) -> Iterator[Product]:
    """Serve until the block ends; without `views` nothing follows the log."""
    ready = threading.Event()
    made: list[Product] = []
    failed: list[BaseException] = []
    stop: list[uvicorn.Server] = []

    def run() -> None:
        try:
            asyncio.run(_serve(settings, views, made, stop, ready))
        except BaseException as error:
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="product")
    thread.start()
    ready.wait(_PATIENCE_S)
    try:
        if failed:
            raise failed[0]
        if views:
            _wait_until_ready(made[0].base_url)
        yield made[0]
    finally:
        for server in stop:
            server.should_exit = True
        thread.join(_PATIENCE_S)
    if failed:
        raise failed[0]


def _wait_until_ready(base_url: str) -> None:
    """Until every view answers."""

    def says_so() -> bool:
        nonlocal said
        try:
            answer = httpx.get(f"{base_url}/readyz", timeout=20)
        except httpx.TransportError as error:  # it builds every view meanwhile
            said = repr(error)
            return False
        said = answer.text
        return answer.is_success

    said = ""
    until("the product is ready", _PATIENCE_S, says_so, lambda: said)


async def _serve(
    settings: Settings,
    views: bool,
    made: list[Product],
    stop: list[uvicorn.Server],
    ready: threading.Event,
) -> None:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings))
        if views:
            await _follow(settings, stack)
        app = create_app(house)
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
        server = FairServer(config, listening, house.change_waiters.let_go)
        stop.append(server)
        port = listening.getsockname()[1]
        loop = asyncio.get_running_loop()
        made.append(Product(f"http://127.0.0.1:{port}", settings, house, app, loop))
        serving = asyncio.create_task(server.serve())
        ready.set()  # who connects before it accepts waits in the socket's own queue
        await serving


async def _follow(settings: Settings, stack: AsyncExitStack) -> None:
    """The background roles: what is committed comes into the views."""
    pool = await open_pool(settings.worker_url(), role="taskledger_worker", max_size=4)
    stack.push_async_callback(pool.close)
    store = PostgresEventStore(
        pool, master_keys(settings), settings.worker_url(), role="taskledger_worker"
    )
    await store.start()
    stack.push_async_callback(store.close)
    assert settings.nats_url is not None
    nats = await stack.enter_async_context(
        NatsConnection(settings.nats_url.get_secret_value(), "test")
    )
    assert await nats.wait_connected(10)
    stream = LogStream(nats, Subjects(str(store.log_id)), StreamLimits())
    stack.push_async_callback(stream.delete)
    sessions = Sessions(settings.worker_url())
    relay = Relay(store, sessions, nats, owner="test")
    projector = Projector(VIEWS, store, sessions, nats)
    tasks = [asyncio.create_task(relay.run()), asyncio.create_task(projector.run())]
    if settings.opensearch_url is not None:
        indexer = Indexer(settings.opensearch_url.get_secret_value(), sessions, nats)
        tasks.append(asyncio.create_task(indexer.run()))
    stack.push_async_callback(cancelled, *tasks)
