"""Small manners for asyncio tasks that several adapters share."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

# One brings what is ready, and the next one what was sent by whoever was answered in the first.
_TURNS: Final = 2


class Shared:
    """Work that is done once for all who wait for it.

    All go on in the same turn of the event loop. Behind a lock each would go on one turn after the
    one before, and in a busy process what the first had looked up would be old again for the last.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._under_way: asyncio.Task[None] | None = None

    async def done(self) -> None:
        """Wait for the work that is under way, or begin it where none is. Raises what it raises;
        who goes away meanwhile disturbs nobody."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._work())
            # Whoever waited was told; where nobody did any more it is no news.
            self._under_way.add_done_callback(drop)
        await asyncio.shield(self._under_way)


async def cancelled(*tasks: "asyncio.Task[object] | asyncio.Task[None]") -> None:
    """Cancel and wait until each is done; asked again, since a library may swallow the first.

    What a task raised is not raised here: whoever needs it asks the task.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=0.5)


def drop(asked: "asyncio.Future[Any]") -> None:
    """Nobody wants its answer any more, and a failure is no news."""
    if not asked.cancel() and not asked.cancelled():
        asked.exception()


async def gathered(waiting: Callable[[], int], enough: int) -> None:
    """Let the event loop turn while that brings more of what leaves together, up to `enough`.

    In a busy process what is under way comes along, which costs little more than one would alone;
    in an idle one nothing comes, and nothing is kept waiting.
    """
    before = waiting()
    for _ in range(_TURNS):
        if before >= enough:
            return
        await asyncio.sleep(0)
        now = waiting()
        if now == before:
            return
        before = now
