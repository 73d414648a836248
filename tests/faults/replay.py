"""The log of a served product, read past it and folded anew."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from domain.aggregates import aggregate_of
from domain.values.recorded import Recorded
from infra.processes.workplace import open_workplace
from infra.settings import Settings
from tests.faults.given import Given

# Each event with the state of its stream after it.
Steps = Sequence[tuple[Recorded, Any]]


def replayed(product: Given, after: int) -> Mapping[str, Steps]:
    """Every stream of which the log has an event after a position, in its whole length."""
    return asyncio.run(_replayed(product, after))


async def _replayed(product: Given, after: int) -> Mapping[str, Steps]:
    settings = Settings.load(
        worker_database_url=product.postgres.url_of("taskledger_worker"),
        master_key_file=str(product.served.data / "master.key"),
    )
    found: dict[str, Steps] = {}
    async with open_workplace(settings, "replay") as workplace:
        await workplace.unlock()
        store = workplace.store
        streams = {each.stream async for batch in store.read_log(after) for each in batch}
        for stream in sorted(streams):
            aggregate, state = aggregate_of(stream), None
            steps = []
            for each in await store.read_stream(stream):
                state = aggregate.evolve(state, each.event, each.stamp)
                steps.append((each, state))
            found[stream] = steps
    return found
