"""Brings parked streams back: their workspace is folded again, and the rows they feed replaced."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Recorded
from infra.nats.connection import NatsConnection
from infra.nats.wake import send_change
from infra.postgres.pool import Connection
from infra.processes import careful, dead_letters, generations
from infra.processes.build import BuildRunning, build_lock
from infra.processes.changes import Changes
from infra.processes.folding import UNKNOWN_TYPE, CannotApply, fold
from infra.processes.generations import Generation
from infra.processes.kept_rows import NO_LIMITS
from infra.processes.log import Log, head
from infra.processes.outages import described, is_outage
from infra.processes.relevance import is_known
from infra.processes.rows import RowStore
from infra.processes.sessions import Sessions
from projections.projection import Projection

CHUNK_EVENTS = 500
NEAR_EVENTS = 2_000
MEMORY_ROWS = 500_000

log = structlog.get_logger()


class StillBroken(Exception):
    """An event still cannot be applied; nothing was changed."""

    def __init__(self, position: int, stream: str, error: str) -> None:
        super().__init__(f"event {position} of {stream} still cannot be applied: {error}")
        self.position = position
        self.stream = stream
        self.error = error


class TooLarge(Exception):
    """The workspace has more rows than are healed in memory; a rebuild of the view heals it."""


@dataclass(frozen=True, slots=True)
class Healed:
    """`rows`: how many were replaced. `position`: how far the generation was then."""

    generation: Generation
    streams: tuple[str, ...]
    rows: int
    position: int


OnProgress = Callable[[int, int], None]  # (position, of)


async def heal_what_is_known_now(
    projection: Projection, among: Sequence[Generation], store: Log, sessions: Sessions
) -> None:
    """Heal the streams that earlier code parked for events of types that this code knows: it met
    them first while old and new code ran side by side. What cannot be healed stays parked."""
    async with sessions.open("healing") as session:
        parked = await dead_letters.parked_streams(session, projection.name)
    places: dict[tuple[Generation, str], set[str]] = {}
    for one in parked:
        of_unknown_type = one.error == f"{UNKNOWN_TYPE} {one.type}"
        if one.generation in among and of_unknown_type and is_known(one.type):
            places.setdefault((one.generation, one.workspace_id), set()).add(one.stream)
    for (generation, workspace_id), streams in places.items():
        try:
            await Healing(projection, generation, workspace_id, streams, store).run(sessions)
        except (StillBroken, TooLarge, BuildRunning) as error:
            log.warning("not_healed", view=str(generation), error=str(error))


class Healing:
    """Heals streams of one workspace in one generation of a view, exactly: as if what parked them
    had never failed.

    Rows of a workspace follow from its own events and those of the people in it. These are folded
    twice in memory, from the first: as they should have been, and as they were, without what was
    parked. The rows in which the two differ are replaced; all others stay untouched. Views are
    written on meanwhile; at the end the projector is held up for the time of one batch.
    """

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        workspace_id: str,
        streams: Iterable[str],
        store: Log,
        *,
        on_progress: OnProgress | None = None,
    ) -> None:
        self._projection = projection
        self._generation = generation
        self._workspace_id = workspace_id
        self._streams = frozenset(streams)
        self._store = store
        self._on_progress = on_progress or (lambda _position, _of: None)
        self._right = RowStore(projection, generation, NO_LIMITS, empty=True)
        self._lived = RowStore(projection, generation, NO_LIMITS, empty=True)
        self._parked_from: dict[str, int] = {}
        self._folded = 0

    async def run(self, sessions: Sessions, nats: NatsConnection | None = None) -> Healed:
        """Raises BuildRunning, StillBroken, TooLarge, and what PostgreSQL raises; then nothing
        was changed."""
        projection, generation = self._projection, self._generation
        async with sessions.lead("healing") as leadership:
            session = leadership.session
            if not await leadership.try_lead(build_lock(generation.name, generation.version)):
                raise BuildRunning(f"{projection.name} is being rebuilt or healed already")
            self._parked_from = await dead_letters.first_positions(session, generation)
            while True:
                position = await generations.position_of(session, generation)
                if position - self._folded <= NEAR_EVENTS:
                    break
                await self._fold_to(position)
            async with sessions.open("healing-writer") as writer, writer.transaction():
                position = await generations.take_over(writer, generation)
                await self._fold_to(position)
                changes = self._right.picked(self._right.differing(self._lived))
                await self._write(writer, changes)
                await dead_letters.remove(writer, generation, sorted(self._streams))
            if nats is not None:
                await send_change(nats, (await head(session)).log_id)
        log.info("streams_healed", view=str(generation), streams=len(self._streams))
        return Healed(generation, tuple(sorted(self._streams)), changes.rows, position)

    async def _write(self, writer: Connection, changes: Changes) -> None:
        try:
            await changes.write(writer)
        except Exception as error:
            if is_outage(error):
                raise
            stream = min(self._streams, key=lambda one: self._parked_from.get(one, 0))
            position = self._parked_from.get(stream, 0)
            raise StillBroken(position, stream, described(error)) from error

    async def _fold_to(self, position: int) -> None:
        while self._folded < position:
            last = min(self._folded + CHUNK_EVENTS, position)
            rows = await self._store.read_rows(self._folded + 1, last)
            if self._workspace_id != SYSTEM_WORKSPACE:
                scope = (self._workspace_id, SYSTEM_WORKSPACE)
                rows = [row for row in rows if row.workspace_id in scope]
            for recorded in await careful.decode(
                self._store, rows, aliases=self._projection.addresses
            ):
                self._fold(recorded)
            if self._right.changed > MEMORY_ROWS:
                raise TooLarge(
                    f"workspace {self._workspace_id} is too large to be healed in memory:"
                    f" `taskledger rebuild {self._projection.name}` heals it"
                )
            self._folded = last
            self._on_progress(last, position)
            await asyncio.sleep(0)

    def _fold(self, recorded: Recorded) -> None:
        stream = recorded.stream
        parked = recorded.position >= self._parked_from.get(stream, recorded.position + 1)
        if parked and stream not in self._streams:
            return
        try:
            fold(self._projection, recorded, self._right)
            if not parked:
                fold(self._projection, recorded, self._lived)
        except CannotApply as error:
            raise StillBroken(recorded.position, stream, str(error)) from error
        except Exception as error:
            if is_outage(error):
                raise
            raise StillBroken(recorded.position, stream, described(error)) from error
