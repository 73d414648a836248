"""A served product that an import goes into: found by its settings, and waited for until it shows
what was added."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from api.cli.exits import PART_DOWN, Exit
from api.cli.progress import step
from infra.bootstrap import House, open_house
from infra.settings import Settings

_CONNECTED_WITHIN_S: Final = 10.0
_STAND_STILL_S: Final = 30.0
_POLL_S: Final = 0.05


async def connected_house(settings: Settings, stack: AsyncExitStack) -> House:
    """Until the stack is closed. Raises Exit where PostgreSQL does not answer in time."""
    try:
        async with asyncio.timeout(_CONNECTED_WITHIN_S):
            return await stack.enter_async_context(open_house(settings))
    except TimeoutError:
        raise Exit(PART_DOWN, "PostgreSQL does not answer; is the product served?") from None


async def views_show(house: House, position: int) -> None:
    """Until every view shows what was added. Raises Exit where they stand still."""
    positions: Sequence[int] = ()
    moved = time.monotonic()
    with step("Views", position) as shown:
        while True:
            views = await house.operations.views()
            now = [view.position for view in views.values()]
            if now and min(now) >= position:
                return
            if now != positions:
                positions, moved = now, time.monotonic()
            elif time.monotonic() - moved > _STAND_STILL_S:
                behind = [name for name, view in views.items() if view.position < position]
                raise Exit(
                    PART_DOWN,
                    "Everything is in the log, but these views do not follow it: "
                    f"{', '.join(behind) or 'there are none'}; is the product served?",
                )
            shown.to(min(now, default=0))
            await asyncio.sleep(_POLL_S)
