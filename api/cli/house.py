"""The parts of a served product, for a command beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final

from api.cli.exits import PART_DOWN, Exit
from infra.bootstrap import House, open_house
from infra.settings import Settings

_CONNECTED_WITHIN_S: Final = 10.0


@asynccontextmanager
async def connected_house(settings: Settings) -> AsyncIterator[House]:
    """The parts of a served product, found by its settings. Raises Exit where PostgreSQL does not
    answer in time."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(_CONNECTED_WITHIN_S):
                house = await stack.enter_async_context(open_house(settings))
        except TimeoutError:
            raise Exit(PART_DOWN, "PostgreSQL does not answer; is the product served?") from None
        yield house


def house_of(settings: Settings) -> AbstractAsyncContextManager[House]:
    """The same with no limit on how often one asks."""
    return connected_house(settings.model_copy(update={"rate_limit_per_minute": 0}))
