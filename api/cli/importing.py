"""What every import of the command line does: tells of an account that it made, and waits until the
product shows what was added."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from api.cli.answers import say
from api.cli.exits import PART_DOWN, Exit
from api.cli.progress import step
from infra.bootstrap import House
from infra.people.acting import ADMIN

_STAND_STILL_S: Final = 30.0
_POLL_S: Final = 0.05


def tell_password(password: str | None) -> None:
    """Of the account that was made because there was none; None: there was one."""
    if password is not None:
        say(f"Made the user {ADMIN}. Its password, shown this once: {password}")


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
