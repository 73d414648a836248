"""Does what the clock asks for: makes the next task of each series that goes on by the schedule."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from commands.execution import Executor
from commands.ports import Clock
from commands.recurrence.make_occurrence import SCHEDULER, MakeOccurrence
from domain.errors import Kind, Refused
from infra.postgres.views.recurrence_queries import DueOccurrence
from infra.processes.backoff import Backoff
from infra.processes.outages import described, is_outage
from infra.processes.sessions import LeadershipLost, Sessions

POLL_S: Final = 1.0
AT_ONCE: Final = 100
LOCK: Final = "scheduler"

# What was made is asked for until the view has it, and what was refused for a reason of its own
# (no room in its column) may be let in some other time.
_AGAIN: Final = timedelta(seconds=60)

# Refusals that pass by themselves.
_SOON: Final = timedelta(seconds=1)
_PASSING: Final = frozenset({Kind.CONFLICT, Kind.OVERLOADED, Kind.VIEW_BEHIND})

log = structlog.get_logger()


class Due(Protocol):
    async def due(self, now: datetime, limit: int) -> Sequence[DueOccurrence]: ...


class Scheduler:
    """One leads, by an advisory lock; any other stands by. Nothing is made twice all the same: a
    command that finds its task made, by whomever, does nothing."""

    def __init__(
        self,
        sessions: Sessions,
        due: Due,
        open_executor: Callable[[], AbstractAsyncContextManager[Executor]],
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._due = due
        self._open_executor = open_executor
        self._clock = clock
        self._waits: dict[DueOccurrence, datetime] = {}
        self._made = 0
        self._refused = 0
        self._state = "starting"

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        return {"state": self._state, "made": self._made, "refused": self._refused}

    async def run(self) -> None:
        """Until cancelled, through every outage."""
        backoff = Backoff()
        while True:
            try:
                async with self._sessions.lead("scheduler-lock") as leadership:
                    self._state = "standing by"
                    await leadership.lead(LOCK)
                    async with self._open_executor() as executor:
                        self._state = "running"
                        while True:
                            leadership.check()
                            await self.turn(executor)
                            backoff.reset()
                            await asyncio.sleep(POLL_S)
            except Exception as error:
                self._state = f"starts over after {described(error)}"
                passing = is_outage(error) or isinstance(error, Refused | LeadershipLost)
                log.warning(
                    "scheduler_starts_over",
                    error=described(error),
                    exc_info=None if passing else error,
                )
            await backoff.wait()

    async def turn(self, executor: Executor) -> None:
        """Make all that is due now."""
        now = self._clock()
        self._waits = {due: until for due, until in self._waits.items() if until > now}
        while True:
            found = await self._ask(now)
            new = [each for each in found if each not in self._waits]
            if not new:
                return
            for each in new[:AT_ONCE]:
                self._waits[each] = now + await self._make(executor, each)

    async def _ask(self, now: datetime) -> Sequence[DueOccurrence]:
        try:
            return await self._due.due(now, AT_ONCE + len(self._waits))
        except Refused as refused:
            if refused.kind is Kind.VIEW_BEHIND:  # it is being built: nothing is known to be due
                return ()
            raise

    async def _make(self, executor: Executor, due: DueOccurrence) -> timedelta:
        """Gives how long it need not be asked for. Raises Refused(DEPENDENCY_DOWN)."""
        command = MakeOccurrence(recurrence_id=due.recurrence_id, after=due.ordinal)
        try:
            outcome = await executor.execute([command], SCHEDULER)
        except Refused as refused:
            if refused.kind is Kind.DEPENDENCY_DOWN:
                raise
            self._refused += 1
            log.warning("occurrence_refused", recurrence=due.recurrence_id, why=refused.detail)
            return _SOON if refused.kind in _PASSING else _AGAIN
        self._made += outcome.changed
        return _AGAIN
