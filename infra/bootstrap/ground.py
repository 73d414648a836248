"""What every part of an API process stands on: the log and its keys, the pool, who wakes whom."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from commands.execution import Executor
from domain.values.frozen import dataclass
from infra.bootstrap.upkeep import once_there
from infra.event_store.store import PostgresEventStore
from infra.executors import executor_over
from infra.keys.aliases import Aliases
from infra.keys.configured import master_keys
from infra.keys.destruction import DestroyedKeys
from infra.keys.forgotten import Forgotten, destroy_what_came_back
from infra.keys.master import MasterKeys
from infra.limits import limits_of
from infra.metrics import Metrics
from infra.nats.connection import NatsConnection
from infra.nats.wake import CommitWaker, on_forgotten, on_views
from infra.people.vault import Vault
from infra.postgres.pool import Pool, open_pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.waiting import ViewWaiter
from infra.redis.windows import Windows
from infra.settings import Settings
from infra.settings.values import revealed

API_ROLE: Final = "taskledger_api"

_CONNECTION_PATIENCE_S: Final = 2.0
# With what the pool waits beyond it, somebody who asks a hung server is refused within 10 s.
_STATEMENT_TIMEOUT_MS: Final = 7_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """`nats` is None where there is none. What is entered into `stack` ends with the process, the
    last first. Whatever may remember what people wrote is to be named to `forgotten`."""

    settings: Settings
    stack: AsyncExitStack
    pool: Pool
    master: MasterKeys
    store: PostgresEventStore
    log_id: str
    nats: NatsConnection | None
    pointers: Pointers
    waiter: ViewWaiter
    executor: Executor
    forgotten: Forgotten
    destroyed: DestroyedKeys
    aliases: Aliases
    vault: Vault
    windows: Windows
    metrics: Metrics


async def open_ground(
    settings: Settings, on_wrong_log: Callable[[str], None], stack: AsyncExitStack
) -> Ground:
    """Waits for PostgreSQL to be there. Raises KeyUnusable for a wrong master key."""
    api_url, nats_url = settings.api_url(), revealed(settings.nats_url)
    pool = await open_pool(
        api_url,
        role=API_ROLE,
        application="taskledger api",
        acquire_timeout_seconds=_CONNECTION_PATIENCE_S,
        statement_timeout_ms=_STATEMENT_TIMEOUT_MS,
    )
    stack.push_async_callback(pool.close)
    master = master_keys(settings)
    wakers: list[CommitWaker] = []

    def wake(position: int) -> None:
        for waker in wakers:
            waker(position)

    store = PostgresEventStore(
        pool,
        master,
        api_url,
        role=API_ROLE,
        on_commit=wake,
        on_wrong_log=on_wrong_log,
        addresses=False,  # whoever tells of them opens the log with means of their own
    )
    await once_there(store.start)
    stack.push_async_callback(store.close)
    log_id = str(store.log_id)
    destroyed = DestroyedKeys(settings.destroyed_keys_file())
    await destroy_what_came_back(pool, destroyed)
    forgotten = Forgotten(pool, store.ring)

    pointers = Pointers(pool)
    waiter = ViewWaiter(pointers)
    nats = None if nats_url is None else NatsConnection(nats_url, "taskledger api")
    if nats is not None:
        await stack.enter_async_context(nats)
        wakers.append(CommitWaker(nats, log_id))
        await on_views(nats, log_id, lambda _positions: waiter.wake())
        await on_forgotten(nats, log_id, forgotten.heard)
    executor = executor_over(store, pool, pointers, waiter, master, limits_of(settings))
    stack.push_async_callback(executor.follow_ups.done)
    forgotten.also(executor.states.forget_all)
    windows = Windows(revealed(settings.redis_url))
    stack.push_async_callback(windows.close)
    return Ground(
        settings=settings,
        stack=stack,
        pool=pool,
        master=master,
        store=store,
        log_id=log_id,
        nats=nats,
        pointers=pointers,
        waiter=waiter,
        executor=executor,
        forgotten=forgotten,
        destroyed=destroyed,
        aliases=Aliases(master),
        vault=Vault(master.derive("small secrets")),
        windows=windows,
        metrics=Metrics(settings.metrics_dir),
    )
