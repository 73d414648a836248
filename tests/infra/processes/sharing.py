"""Those who build shards of a view, in this process, where a test can watch and end them."""

from infra.processes.log import Log
from infra.processes.sessions import Sessions
from infra.processes.shards import Order, Told, build_shard
from projections.projection import Projection


class Beside:
    """Implements infra.processes.shards.Builders. `followed`: how many orders were."""

    least_events = 0

    def __init__(self, count: int, store: Log, sessions: Sessions) -> None:
        self.count = count
        self.followed = 0
        self._store = store
        self._sessions = sessions

    async def build(self, projection: Projection, order: Order, told: Told) -> None:
        await build_shard(projection, order, self._store, self._sessions, told)
        self.followed += 1
