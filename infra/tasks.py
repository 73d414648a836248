"""Small manners for asyncio tasks that several adapters share."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

# One brings what is ready, and the next one what was sent by whoever was answered in the first.
_TURNS: Final = 2


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
