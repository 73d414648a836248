"""Follows the log and signs it: one process leads, through every outage, or refuses."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from infra.event_store.store import PostgresEventStore
from infra.nats.connection import NatsConnection
from infra.nats.wake import on_commit
from infra.postgres.pool import Connection
from infra.processes.backoff import Backoff
from infra.processes.log import NewIncarnation, head
from infra.processes.outages import described, is_outage
from infra.processes.sessions import Leadership, Sessions
from infra.record.files import FilesAway
from infra.record.refusal import WillNotSign
from infra.record.sealers_place import SealersPlace
from infra.record.sealers_term import POLL_S, Opened, Pace, Said, Sealing, Term
from infra.record.signing import CannotSign

LOCK: Final = "sealer"
REFUSES: Final = "refuses"

log = structlog.get_logger()


class Sealer:
    """One leads, by an advisory lock; any other stands by. `opened` gives a store to append by."""

    def __init__(
        self,
        store: PostgresEventStore,
        sessions: Sessions,
        nats: NatsConnection,
        place: SealersPlace,
        opened: Opened,
        pace: Pace | None = None,
    ) -> None:
        self.said = Said()
        self._place = place
        self._sealing = Sealing(store, place, opened, pace or Pace(), self.said)
        self._sessions = sessions
        self._nats = nats

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        said = self.said
        return {
            "state": said.state,
            "events": said.events,
            "checkpoints": said.checkpoints,
            "size": said.size,
            "retraced": said.retraced,
        }

    async def run(self) -> None:
        """Until cancelled, through every outage."""
        backoff = Backoff()
        while True:
            try:
                async with self._sessions.lead("sealer-lock") as leadership:
                    self.said.state = "standing by"
                    await leadership.lead(LOCK)
                    with self._place.folder.locked():
                        await self._serve(leadership, backoff)
            except NewIncarnation:
                log.warning("sealer_meets_new_incarnation")
            except Exception as error:
                passing = is_outage(error) or isinstance(error, FilesAway | CannotSign)
                why = str(error) if isinstance(error, OSError | CannotSign) else described(error)
                self.said.state = f"starts over after {why}"
                log.warning("sealer_starts_over", error=why, exc_info=None if passing else error)
            await backoff.wait()

    async def _serve(self, leadership: Leadership, backoff: Backoff) -> None:
        """Raises NewIncarnation, LeadershipLost, or what an outage raises."""
        async with (
            self._sessions.open("sealer") as session,
            self._sessions.open("sealer retrace") as second,
        ):
            here = await head(session)
            term = Term(self._sealing, leadership, session, second, here.log_id)
            woken = await on_commit(self._nats, here.log_id, term.woken.set)
            try:
                await term.begin()
                backoff.reset()
                await term.serve()
            except WillNotSign as refusal:
                self._refuse(here.log_id, str(refusal))
                await _until_another(session, here.log_id)
            finally:
                await term.ahead.stop()
                await woken.close()

    def _refuse(self, log_id: str, why: str) -> None:
        self.said.state = f"{REFUSES}: {why}"
        self._place.folder.keep_refusal(log_id, why)
        log.error("sealer_refuses", log_id=log_id, reason=why)


async def _until_another(session: Connection, log_id: str) -> None:
    """Nothing is signed until the log is declared to be another one. Raises NewIncarnation."""
    while True:
        if (await head(session)).log_id != log_id:
            raise NewIncarnation
        await asyncio.sleep(POLL_S)
