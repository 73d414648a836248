"""Small manners for asyncio tasks that several adapters share."""

import asyncio


async def cancelled(*tasks: "asyncio.Task[object] | asyncio.Task[None]") -> None:
    """Cancel and wait until each is done; asked again, since a library may swallow the first.

    What a task raised is not raised here: whoever needs it asks the task.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=0.5)
