"""Does what the clock asks for: one leads and does it, chore by chore."""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final

import structlog

from commands.execution import Executor
from commands.ports import Clock
from commands.scheduler import SCHEDULER
from domain.errors import Kind, Refused
from infra.processes.backoff import Backoff
from infra.processes.chores import Chore
from infra.processes.outages import starts_over
from infra.processes.sessions import LeadershipLost, Sessions

POLL_S: Final = 1.0
AT_ONCE: Final = 100
LOCK: Final = "scheduler"

# What was done is asked for until the view has it, and what was refused for a reason of its own
# (no room in its column) may be let in some other time.
_AGAIN: Final = timedelta(seconds=60)

# Refusals that pass by themselves.
_SOON: Final = timedelta(seconds=1)
_PASSING: Final = frozenset({Kind.CONFLICT, Kind.OVERLOADED, Kind.VIEW_BEHIND})

log = structlog.get_logger()


class Scheduler:
    """One leads, by an advisory lock; any other stands by. Nothing is done twice all the same: a
    command that finds it done, by whomever, does nothing."""

    def __init__(
        self,
        sessions: Sessions,
        chores: Sequence[Chore],
        open_executor: Callable[[], AbstractAsyncContextManager[Executor]],
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._chores = chores
        self._open_executor = open_executor
        self._clock = clock
        self._waits: dict[str, dict[Hashable, datetime]] = {each.name: {} for each in chores}
        self._rests: dict[str, datetime] = {}
        self._done: Counter[str] = Counter()
        self._refused = 0
        self._state = "starting"

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        done = {each.name: self._done[each.name] for each in self._chores}
        return {"state": self._state, **done, "refused": self._refused}

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
                self._state = starts_over("scheduler", error, Refused, LeadershipLost)
            await backoff.wait()

    async def turn(self, executor: Executor) -> None:
        """Do all that is due now; of no chore so much that the others wait for it."""
        now = self._clock()
        pressing = [chore for chore in self._chores if chore.rest is None]
        busy = True
        while busy:
            busy = any([await self._some(executor, chore, now) for chore in pressing])
        for chore in self._chores:
            if chore.rest is not None and self._rests.get(chore.name, now) <= now:
                found = await self._some(executor, chore, now)
                self._rests[chore.name] = now if found else now + chore.rest

    async def _some(self, executor: Executor, chore: Chore, now: datetime) -> bool:
        """Some of what is due; False where there is nothing that need not wait."""
        waits = self._waits[chore.name]
        found = await self._ask(chore, now, AT_ONCE + len(waits))
        # What is not found any more has been seen to be done.
        waits = {each: waits[each] for each in found if waits.get(each, now) > now}
        self._waits[chore.name] = waits
        new = [each for each in found if each not in waits][:AT_ONCE]
        doing = (self._do(executor, chore, each) for each in new)
        patience = await asyncio.gather(*doing, return_exceptions=True)
        for each, until in zip(new, patience, strict=True):
            if isinstance(until, BaseException):
                raise until
            waits[each] = now + until
        return bool(new)

    async def _ask(self, chore: Chore, now: datetime, limit: int) -> Sequence[Hashable]:
        try:
            return await chore.due(now, limit)
        except Refused as refused:
            if refused.kind is Kind.VIEW_BEHIND:  # it is being built: nothing is known to be due
                return ()
            raise

    async def _do(self, executor: Executor, chore: Chore, due: Hashable) -> timedelta:
        """Gives how long it need not be asked for. Raises Refused(DEPENDENCY_DOWN)."""
        try:
            outcome = await executor.execute([chore.command(due)], SCHEDULER)
        except Refused as refused:
            if refused.kind is Kind.DEPENDENCY_DOWN:
                raise
            self._refused += 1
            log.warning("chore_refused", chore=chore.name, due=repr(due), why=refused.detail)
            return _SOON if refused.kind in _PASSING else _AGAIN
        self._done[chore.name] += outcome.changed
        return _AGAIN
