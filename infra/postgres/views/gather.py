"""Gathered reads: while a query is out, the reads that arrive wait, and leave together.

A thousand readers cost a few round trips; nothing is kept, so nothing is stale: every answer
comes from a query that began after its reader had asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from domain.errors import Kind, Refused
from infra.tasks import gathered

_ENOUGH = 32  # so many reads leave at once

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gather(Generic[K, V]):
    """Turns single reads into calls of `fetch`, which is given distinct keys and answers with
    what it found for each.

    At most `lanes` fetches are out at once, each for at most `batch` keys; beyond `waiting`
    keys a reader is refused as overloaded. A fetch that fails fails for its own readers only. A
    reader that goes away disturbs nobody.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        lanes: int = 2,
        batch: int = 256,
        waiting: int = 10_000,
    ) -> None:
        self._fetch = fetch
        self._free = lanes
        self._batch = batch
        self._most = waiting
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._out: set[asyncio.Task[None]] = set()
        self._leaving = False

    async def get(self, key: K) -> V | None:
        """What a fetch finds for `key`; None where it finds nothing."""
        return await self.asked(key)

    def asked(self, key: K) -> asyncio.Future[V | None]:
        """The same, to be waited for while something else is done, or to be cancelled."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[V | None] = loop.create_future()
        readers = self._waiting.get(key)
        if readers is not None:
            readers.append(future)
        else:
            if len(self._waiting) >= self._most:
                raise Refused(Kind.OVERLOADED, "Too many reads wait; try again in a moment.")
            self._waiting[key] = [future]
            if self._free and not self._leaving:
                # Those who ask in the same turn of the loop leave together.
                self._leaving = True
                loop.call_soon(self._leave)
        return future

    def _count(self) -> int:
        return len(self._waiting)

    def _leave(self) -> None:
        self._leaving = False
        while self._free and self._waiting:
            if len(self._waiting) <= self._batch:
                leaving, self._waiting = self._waiting, {}
            else:
                keys = list(self._waiting)[: self._batch]
                leaving = {key: self._waiting.pop(key) for key in keys}
            self._free -= 1
            task = asyncio.create_task(self._run(leaving))
            self._out.add(task)
            task.add_done_callback(self._out.discard)

    async def _run(self, leaving: dict[K, list[asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._fetch(list(leaving))
        except asyncio.CancelledError:
            _cancel(leaving)
            raise
        except Exception as error:  # whatever it is, it belongs to those who wait for it
            _fail(leaving, error)
        else:
            for key, readers in leaving.items():
                value = found.get(key)
                for reader in readers:
                    if not reader.done():
                        reader.set_result(value)
            await gathered(self._count, _ENOUGH)
        finally:
            self._free += 1
            self._leave()


def _fail(leaving: Mapping[K, list[asyncio.Future[V | None]]], error: Exception) -> None:
    for readers in leaving.values():
        for reader in readers:
            if not reader.done():
                reader.set_exception(error)


def _cancel(leaving: Mapping[K, list[asyncio.Future[V | None]]]) -> None:
    for readers in leaving.values():
        for reader in readers:
            reader.cancel()
