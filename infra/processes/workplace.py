"""What every background process and command of the projections works with, built from settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from domain.values.frozen import dataclass
from infra.event_store.store import PostgresEventStore
from infra.keys.configured import master_keys
from infra.keys.destruction import DestroyedKeys
from infra.keys.forgotten import Forgotten, destroy_what_came_back
from infra.keys.master import MasterKeys
from infra.nats.connection import NatsConnection
from infra.postgres.pool import Pool, open_pool
from infra.processes.sessions import WORKER, Sessions
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Workplace:
    """`store` reads the log and opens what is sealed, but for addresses, which no view shows;
    nothing is appended through it."""

    store: PostgresEventStore
    master: MasterKeys
    sessions: Sessions
    pool: Pool
    nats: NatsConnection
    forgotten: Forgotten
    destroyed: DestroyedKeys

    async def unlock(self) -> None:
        """Make sure of the master key, which would else be missed event by event.

        Raises KeyUnusable for one that did not write this log, and psycopg errors or PoolTimeout
        while PostgreSQL is away.
        """
        async with self.pool.connection() as connection:
            await self.master.unlock(connection)
        await destroy_what_came_back(self.pool, self.destroyed)


@asynccontextmanager
async def open_workplace(settings: Settings, application: str) -> AsyncIterator[Workplace]:
    """Until the block ends. Returns at once, whether the parts are there or not. What is
    destroyed meanwhile is forgotten here too.

    Raises KeyUnusable for a master key that is missing or malformed, SettingsError where no
    database is named.
    """
    async with AsyncExitStack() as stack:
        url = settings.worker_url()
        master = master_keys(settings)
        pool = await open_pool(url, role=WORKER, max_size=4, application=application)
        stack.push_async_callback(pool.close)
        nats = NatsConnection(_nats_url(settings), application)
        await stack.enter_async_context(nats)
        store = PostgresEventStore(pool, master, url, role=WORKER, addresses=False)
        forgotten = Forgotten(pool, store.ring)
        forgotten.start()
        stack.push_async_callback(forgotten.stop)
        yield Workplace(
            store=store,
            master=master,
            sessions=Sessions(url),
            pool=pool,
            nats=nats,
            forgotten=forgotten,
            destroyed=DestroyedKeys(settings.destroyed_keys_file()),
        )


def _nats_url(settings: Settings) -> str:
    """Without a NATS the address leads nowhere: views then follow the log by polling it."""
    url = settings.nats_url
    return "nats://127.0.0.1:1" if url is None else url.get_secret_value()
