"""What a process does again and again while it serves, and how it waits for PostgreSQL at first."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

import structlog

from domain.errors import Kind, Refused
from infra.event_store.session import SessionLost
from infra.event_store.store import PostgresEventStore
from infra.metrics import Metrics
from infra.tasks import cancelled

SWEEP_EVERY_S: Final = 600.0

_RETRY_S: Final = 0.5

_log = structlog.get_logger(__name__)


async def once_there(start: Callable[[], Awaitable[None]]) -> None:
    """A process that starts while PostgreSQL is away waits for it."""
    while True:
        try:
            await start()
        except (SessionLost, OSError) as error:
            _log.warning("waiting_for_postgresql", error=repr(error))
        except Refused as refused:
            if refused.kind is not Kind.DEPENDENCY_DOWN:
                raise
            _log.warning("waiting_for_postgresql", error=refused.detail)
        else:
            return
        await asyncio.sleep(_RETRY_S)


def every(seconds: float, work: Callable[[], Awaitable[None]], stack: AsyncExitStack) -> None:
    """Do it again and again until the house closes; an outage only delays it."""

    async def keep_on() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                _log.warning("background_work_failed", work=work.__qualname__, exc_info=True)

    task = asyncio.create_task(keep_on(), name=f"every {seconds:.0f} s")
    stack.push_async_callback(cancelled, task)


def counting(store: PostgresEventStore, metrics: Metrics) -> Callable[[], Awaitable[None]]:
    """Writes the metrics, with what the committer counts carried over into them."""
    told = replace(store.stats)

    async def count() -> None:
        nonlocal told
        now = replace(store.stats)
        metrics.appended(
            batches=now.batches - told.batches,
            commits=now.commits - told.commits,
            events=now.events - told.events,
            seconds=now.seconds - told.seconds,
            refused=now.refused - told.refused,
        )
        metrics.write()
        told = now

    return count
