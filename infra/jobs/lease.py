"""A job stays with whoever works on it, however long one step of that takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from infra.jobs.book import JobBook, LeaseLost
from infra.tasks import cancelled

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def held(book: JobBook, job_id: str, worker: str) -> AsyncIterator[None]:
    """Its lease anew each third of one, for as long as this goes on. Where somebody else has the
    job by now, whoever works on it meets LeaseLost when it writes down what it did."""
    renewing = asyncio.create_task(_renew(book, job_id, worker), name="lease")
    try:
        yield
    finally:
        await cancelled(renewing)


async def _renew(book: JobBook, job_id: str, worker: str) -> None:
    while True:
        await asyncio.sleep(book.lease.total_seconds() / 3)
        try:
            await book.settle(job_id, worker, ())
        except LeaseLost:
            return
        except Exception as error:  # the work itself says what is down
            _log.warning("lease_not_renewed", job_id=job_id, error=repr(error))
