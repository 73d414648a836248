"""Takes up jobs that nobody works on, one after another, in every API process."""

import asyncio
import os
import secrets
import socket
from collections import Counter
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from typing import Final

import structlog

from commands.execution import Executor
from domain.errors import Refused
from infra.event_store.store import PostgresEventStore
from infra.jobs.book import Job, JobBook, LeaseLost, NewJob
from infra.jobs.lease import held
from infra.jobs.runner import EXPORT, JobRunner, MakesExports
from infra.outages import outage
from infra.tasks import cancelled

_POLL_S: Final = 1.0
_SWEEP_EVERY_S: Final = 600.0
# Each a lease apart, and by each process: another one may have other code, which can do it.
_TRIES: Final = 5

_log = structlog.get_logger(__name__)


class Jobs:
    """One a process. What a request asks for is begun here, and gone on with wherever its worker
    dies."""

    def __init__(
        self,
        book: JobBook,
        executor: Executor,
        store: PostgresEventStore,
        *,
        kept: timedelta,
        exports: MakesExports | None = None,
    ) -> None:
        """`kept`: how long a finished job can be asked for."""
        self.book = book
        self._kept = kept
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._runner = JobRunner(book, executor, store, worker=self._worker, exports=exports)
        self._makes_exports = exports is not None
        self._wanted, self._export_wanted = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: Counter[str] = Counter()

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._take_up(self._wanted), name="jobs"),
            asyncio.create_task(self._sweep(), name="old jobs"),
        ]
        if self._makes_exports:
            # Beside the others: a file takes long, and waits for what is signed elsewhere.
            making = self._take_up(self._export_wanted, exports=True)
            self._tasks.append(asyncio.create_task(making, name="exports"))

    async def stop(self) -> None:
        """What it was working on is left to the others."""
        await cancelled(*self._tasks)
        with suppress(Exception):
            await self.book.let_go(self._worker)

    async def begin(self, new: NewJob, *, here: bool = False) -> Job | None:
        """Durable on return; None where its key has one already. `here`: the caller works it off
        by `work`, else some process takes it up."""
        job = await self.book.open(new, self._worker, leased=here)
        if job is not None and not here:
            (self._export_wanted if new.kind == EXPORT else self._wanted).set()
        return job

    def held(self, job_id: str) -> AbstractAsyncContextManager[None]:
        """While this goes on nobody else takes up a job that was begun here."""
        return held(self.book, job_id, self._worker)

    async def work(self, job: Job) -> bool:
        """Work it off; False where somebody else has taken it over. Raises Refused where a part
        of the machine is down."""
        try:
            await self._runner.run(job)
        except LeaseLost:
            return False
        return True

    async def go_on(self, job: Job) -> None:
        """Work off what nobody else works on. A fault of ours is logged, and met some times more;
        then what is left of the job is refused. Raises whatever an outage causes."""
        try:
            await self.work(job)
        except Exception as error:
            if isinstance(error, Refused) or outage(error) is not None:
                raise
            _log.exception("job_failed", job_id=job.job_id)
            self._failed[job.job_id] += 1
            if self._failed[job.job_id] < _TRIES:
                return
            with suppress(LeaseLost):
                await self._runner.give_up(job)
        self._failed.pop(job.job_id, None)

    async def _take_up(self, wanted: asyncio.Event, *, exports: bool = False) -> None:
        while True:
            try:
                job = await self.book.take(self._worker, exports=exports)
                if job is not None:
                    _log.info("job_taken_up", job_id=job.job_id, total=job.total)
                    await self.go_on(job)
                    continue
            except Refused as refused:
                _log.warning("job_interrupted", error=refused.detail)
            except Exception as error:
                if outage(error) is None:
                    _log.exception("jobs_not_taken_up")
                else:
                    _log.warning("job_interrupted", error=repr(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await wanted.wait()
            wanted.clear()

    async def _sweep(self) -> None:
        while True:
            try:
                await self.book.sweep(self._kept)
            except Exception as error:
                _log.warning("jobs_not_swept", error=repr(error))
            await asyncio.sleep(_SWEEP_EVERY_S)
