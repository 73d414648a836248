"""The parts of a served product, for a command beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from api.cli.exits import PART_DOWN, Exit
from infra.bootstrap import House, open_house
from infra.settings import Settings

_CONNECTED_WITHIN_S: Final = 10.0


@asynccontextmanager
async def house_of(settings: Settings) -> AsyncIterator[House]:
    """The parts of a served product, found by its settings, with no limit on how often one asks.
    Raises Exit where PostgreSQL does not answer in time."""
    unlimited = settings.model_copy(update={"rate_limit_per_minute": 0})
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(_CONNECTED_WITHIN_S):
                house = await stack.enter_async_context(open_house(unlimited))
        except TimeoutError:
            raise Exit(PART_DOWN, "PostgreSQL does not answer; is the product served?") from None
        yield house
