"""A sealer beside the served product, in its own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.processes.executing import open_store
from infra.processes.workplace import open_workplace
from infra.record.sealer import Sealer
from infra.record.sealers_place import SealersPlace
from infra.record.sealers_term import Pace
from infra.record.signing import make_signing_key
from infra.settings import Settings
from infra.tasks import cancelled
from tests.api.product import Product

QUICK = Pace(spacing_s=0.01, sum_every_s=3600)


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[None]:
    make_signing_key(settings.signing_key_file())
    async with open_workplace(settings, "test sealer") as workplace:
        sealer = Sealer(
            workplace.store,
            workplace.sessions,
            workplace.nats,
            SealersPlace.of(settings),
            lambda: open_store(workplace, settings),
            QUICK,
        )
        running = asyncio.create_task(sealer.run())
        try:
            yield
        finally:
            await cancelled(running)


@asynccontextmanager
async def sealing(product: Product) -> AsyncIterator[None]:
    """Until the block ends, what the product records is signed."""
    running = _running(product.settings)
    await product.do(running.__aenter__())
    try:
        yield
    finally:
        await product.do(running.__aexit__(None, None, None))
