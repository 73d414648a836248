"""Requests with an Idempotency-Key in one process: the second with a key waits for the first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.errors import Kind, Refused


class Turns:
    """The keyed requests that run in this process: one at a time for each caller and key.

    Requests in other processes are told apart by the log, which takes each command once.
    """

    def __init__(self, patience_s: float = 10.0) -> None:
        self._patience_s = patience_s
        self._running: dict[tuple[str, str], asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, who: str, key: str | None) -> AsyncIterator[None]:
        """Raises Refused(IDEMPOTENCY_IN_PROGRESS) where the first takes too long."""
        if key is None:
            yield
            return
        slot = (who, key)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        while (running := self._running.get(slot)) is not None:
            done, _ = await asyncio.wait({running}, timeout=until - loop.time())
            if not done:
                raise Refused(
                    Kind.IDEMPOTENCY_IN_PROGRESS, "The first request with this key still runs."
                )
        mine = self._running[slot] = loop.create_future()
        try:
            yield
        finally:
            del self._running[slot]
            mine.set_result(None)
