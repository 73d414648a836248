"""The house of one API process: its parts, opened in order and put together for the doors."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from commands.execution import Executor
from commands.ports import Clock
from infra.bootstrap.files import Files, open_files
from infra.bootstrap.ground import Ground, open_ground
from infra.bootstrap.guard import Guard, open_guard
from infra.bootstrap.people import People, open_people
from infra.bootstrap.upkeep import counting, every
from infra.bootstrap.views import Views, open_views, search_index_of
from infra.event_store.store import PostgresEventStore
from infra.executors import utc_now
from infra.metrics import Metrics
from infra.operations import Operations
from infra.postgres.views.waiting import ViewWaiter
from infra.settings import Settings

_COUNT_EVERY_S: Final = 1.0
_LOOK_AT_TRAIL_EVERY_S: Final = 1.5


@dataclass(kw_only=True)
class House(Views, People, Guard, Files):
    """What the doors of one process may use."""

    settings: Settings
    metrics: Metrics
    clock: Clock
    operations: Operations
    log_id: str
    store: PostgresEventStore
    executor: Executor
    waiter: ViewWaiter
    request_digest_key: bytes
    import_key: bytes


@contextlib.asynccontextmanager
async def open_house(
    settings: Settings, on_wrong_log: Callable[[str], None] = lambda why: None
) -> AsyncIterator[House]:
    """Every part of an API process, until the block ends; waits for PostgreSQL to be there.

    `on_wrong_log` is called when the process has to be started anew: the log is another one than
    at its start. Raises KeyUnusable for a wrong master key.
    """
    async with AsyncExitStack() as stack:
        yield await _furnished(await open_ground(settings, on_wrong_log, stack))


async def _furnished(ground: Ground) -> House:
    search_index = search_index_of(ground)
    views = await open_views(ground, search_index)
    guard = open_guard(ground, views.members)
    people = await open_people(ground, guard.security)
    files = open_files(ground, views, people.revocations)
    operations = Operations(
        ground.pool,
        ground.store,
        ground.nats,
        guard.rate_limiter,
        search_index,
        guard.recording,
    )
    every(_COUNT_EVERY_S, counting(ground.store, ground.metrics), ground.stack)
    every(_LOOK_AT_TRAIL_EVERY_S, operations.look_at_trail, ground.stack)
    ground.forgotten.start()
    ground.stack.push_async_callback(ground.forgotten.stop)
    return House(
        **vars(views),
        **vars(guard),
        **vars(people),
        **vars(files),
        settings=ground.settings,
        metrics=ground.metrics,
        clock=utc_now,
        operations=operations,
        log_id=ground.log_id,
        store=ground.store,
        executor=ground.executor,
        waiter=ground.waiter,
        request_digest_key=ground.master.derive("request digests"),
        import_key=ground.master.derive("imports"),
    )
