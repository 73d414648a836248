"""An executor for background roles: what the clock asks for are commands like any other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from commands.execution import Executor
from commands.ports import Clock
from infra.event_store.store import PostgresEventStore
from infra.executors import executor_over, utc_now
from infra.limits import limits_of
from infra.nats.wake import CommitWaker
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.waiting import ViewWaiter
from infra.processes.sessions import WORKER
from infra.processes.workplace import Workplace
from infra.settings import Settings


@asynccontextmanager
async def open_executor(
    workplace: Workplace, settings: Settings, clock: Clock = utc_now
) -> AsyncIterator[Executor]:
    """Appends through a session of its own until the block ends.

    Raises SessionLost, OSError or Refused(DEPENDENCY_DOWN) while PostgreSQL is away.
    """
    async with open_store(workplace, settings) as store:
        pool, pointers = workplace.pool, Pointers(workplace.pool)
        limits, waiter = limits_of(settings), ViewWaiter(pointers)
        executor = executor_over(store, pool, pointers, waiter, workplace.master, limits, clock)
        forget = executor.states.forget_all
        workplace.forgotten.also(forget)
        try:
            yield executor
        finally:
            workplace.forgotten.no_longer(forget)


@asynccontextmanager
async def open_store(workplace: Workplace, settings: Settings) -> AsyncIterator[PostgresEventStore]:
    """A store to append by, through a session of its own, until the block ends; raises the same."""
    wakers: list[CommitWaker] = []

    def wake(position: int) -> None:
        for waker in wakers:
            waker(position)

    pool, master = workplace.pool, workplace.master
    ring = workplace.store.ring
    store = PostgresEventStore(
        pool, master, settings.worker_url(), role=WORKER, ring=ring, on_commit=wake
    )
    await store.start()
    try:
        wakers.append(CommitWaker(workplace.nats, str(store.log_id)))
        yield store
    finally:
        await store.close()
