"""Keeps views up to date for as long as the process lives, through every outage."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256

import structlog

from infra.nats.connection import NatsConnection
from infra.processes.backoff import Backoff
from infra.processes.counters import Counters
from infra.processes.generations import view_lock
from infra.processes.group import Group, Links, ProjectorLimits
from infra.processes.log import Log, NewIncarnation, head
from infra.processes.outages import starts_over
from infra.processes.pace import Pace
from infra.processes.sessions import LOOK_UPS, Leadership, Sessions
from projections.projection import Projection

STANDBY_POLL_S = 0.5
SETTLED_AFTER_S = 30.0

log = structlog.get_logger()


class Projector:
    """Leads those of `views` that nobody else leads, and stands by for the rest.

    Projectors with the same views share one durable consumer; old and new code have one each.
    `group` tells apart projectors that run different views on purpose.
    """

    def __init__(
        self,
        views: Sequence[Projection],
        store: Log,
        sessions: Sessions,
        nats: NatsConnection,
        *,
        group: str = "views",
        limits: ProjectorLimits | None = None,
    ) -> None:
        self._views = {view_lock(view.name, view.version): view for view in views}
        self._store = store
        self._sessions = sessions
        self._nats = nats
        self._limits = limits or ProjectorLimits()
        self._pace = Pace(self._limits.batch_events)
        self._counters = Counters()
        self._state = "starting"
        digest = sha256(" ".join(sorted(self._views)).encode()).hexdigest()[:12]
        self._durable = f"projector-{group}-{digest}"

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        counters = self._counters
        return {
            "state": self._state,
            "events": counters.events,
            "batches": counters.batches,
            "events_from_log": counters.events_from_log,
            "fenced": counters.fenced,
            "poisoned_batches": counters.poisoned,
        }

    async def run(self) -> None:
        """Until cancelled."""
        backoff = Backoff()
        while True:
            began = time.monotonic()
            try:
                async with self._sessions.lead("projector-locks") as leadership:
                    await self._stand_by(leadership)
                    await self._work(leadership)
            except NewIncarnation:
                log.warning("projector_meets_new_incarnation")
            except Exception as error:
                self._state = starts_over("projector", error)
                self._pace.slower()
            if time.monotonic() - began > SETTLED_AFTER_S:
                backoff.reset()
            await backoff.wait()

    async def _stand_by(self, leadership: Leadership) -> None:
        self._state = "standing by"
        while True:
            if await self._lead_more(leadership):
                return
            await asyncio.sleep(STANDBY_POLL_S)

    async def _work(self, leadership: Leadership) -> None:
        """Until another view falls to us, or a failure; then everything is begun afresh."""
        async with (
            self._sessions.open("projector-reader", settings=LOOK_UPS) as reader,
            self._sessions.open("projector-writer", settings=LOOK_UPS) as writer,
        ):
            while True:
                led = set(leadership.held)
                group = Group(
                    [self._views[lock] for lock in sorted(led)],
                    leadership,
                    Links(reader, writer, self._sessions, self._nats, self._store),
                    (await head(reader)).log_id,
                    self._durable,
                    self._limits,
                    self._pace,
                    self._counters,
                )
                try:
                    await group.open()
                    self._state = "running"
                    polled = time.monotonic()
                    while leadership.held == led:
                        await group.step()
                        leadership.check()
                        now = time.monotonic()
                        if len(led) < len(self._views) and now - polled > STANDBY_POLL_S:
                            polled = now
                            await self._lead_more(leadership)
                finally:
                    await group.close()

    async def _lead_more(self, leadership: Leadership) -> bool:
        """Try for every view that is not led yet; whether any is led now."""
        for lock in self._views.keys() - leadership.held:
            await leadership.try_lead(lock)
        return bool(leadership.held)
