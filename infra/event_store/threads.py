"""The event store for threads: they share one group committer, in an event loop of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as CallTimeout
from types import TracebackType
from typing import Any, Self, TypeVar

from commands.commit import Commit, Receipt
from domain.values.recorded import Recorded
from infra.event_store.codec import Codec
from infra.event_store.committer import OnCommit
from infra.event_store.refusals import in_doubt
from infra.event_store.rows import StoredRow
from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys
from infra.postgres.pool import open_pool

T = TypeVar("T")

_CALL_SECONDS = 60.0


class ThreadedEventStore:
    """Safe to use from any number of threads, but not from the event loop that runs it.

    Commits that threads append at the same time leave in one batch. What `PostgresEventStore`
    raises is raised here too.
    """

    def __init__(
        self,
        url: str,
        master: MasterKeys,
        *,
        role: str | None = None,
        codec: Codec | None = None,
        on_commit: OnCommit | None = None,
    ) -> None:
        self._url = url
        self._master = master
        self._role = role
        self._codec = codec
        self._on_commit = on_commit
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._failed: BaseException | None = None
        self._store: PostgresEventStore | None = None
        self._thread = threading.Thread(target=self._run, name="event store", daemon=True)

    def start(self) -> Self:
        """Connect. Raises SessionLost, Refused or KeyUnusable."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            self._thread.join()
            raise self._failed
        return self

    def close(self) -> None:
        """Append what is waiting, then stop; threads that still call get RuntimeError."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def store(self) -> PostgresEventStore:
        """For coroutines given to `run`."""
        if self._store is None or not self._thread.is_alive():
            raise RuntimeError("the event store is not running")
        return self._store

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run one coroutine in the store's loop and wait for what it gives."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(_CALL_SECONDS)
        except CallTimeout:
            if future.done():
                raise  # its own
            future.cancel()
            raise in_doubt() from None

    def append(self, commit: Commit) -> Receipt:
        return self.run(self.store.append(commit))

    def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        return self.run(self.store.read_stream(stream, after, upto))

    def decode(self, rows: Sequence[StoredRow]) -> list[Recorded]:
        return self.run(self.store.decode(rows))

    def head(self) -> int:
        return self.run(self.store.head())

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        pool = await open_pool(self._url, role=self._role, max_size=4)
        store = PostgresEventStore(
            pool,
            self._master,
            self._url,
            role=self._role,
            codec=self._codec,
            on_commit=self._on_commit,
        )
        try:
            await store.start()
            self._store = store
            self._ready.set()
            await self._end.wait()
            await store.close()
        except BaseException as error:
            self._failed = error
        finally:
            await pool.close()
            self._ready.set()
