"""Waiting for the next change of a workspace: woken by what is heard of the log, one look for all.

However many wait, nothing is done for them until something happens in their own workspace: a set
by workspace, one task that follows the view, and every few seconds one question for all of them,
for news may be lost.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from domain.errors import Kind, Refused
from infra.outages import outage
from infra.postgres.views.change_queries import ChangeQueries
from infra.postgres.views.waiting import ViewWaiter
from infra.tasks import cancelled
from projections.activity import ACTIVITY_VIEW

LOOK_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Heard(Protocol):
    """A row of the log, as far as a waiter needs to know it."""

    @property
    def position(self) -> int: ...

    @property
    def workspace_id(self) -> str: ...


@dataclass(slots=True, eq=False)
class _Waiter:
    past: int
    woken: asyncio.Future[None]


class ChangeWaiters:
    """One a process, on its event loop."""

    def __init__(
        self, queries: ChangeQueries, views: ViewWaiter, *, most: int, look_s: float = LOOK_S
    ) -> None:
        self._queries = queries
        self._views = views
        self._most = most
        self._look_s = look_s
        self._waiting: dict[str, set[_Waiter]] = {}
        self._count = 0
        self._heard: dict[str, int] = {}
        self._late: set[str] = set()
        self._last_heard = 0
        self._news = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def count(self) -> int:
        """How many wait now."""
        return self._count

    @property
    def closed(self) -> bool:
        """Whether nobody may wait any more."""
        return self._closed

    def heard(self, rows: Sequence[Heard]) -> None:
        """Rows of the log, in order, whoever wrote them; any of them may be missing, or known."""
        if rows:
            self._last_heard = max(self._last_heard, rows[-1].position)
        if not self._waiting:
            return
        for row in rows:
            if row.workspace_id in self._waiting:
                self._heard[row.workspace_id] = row.position
                self._news.set()

    async def beyond(self, workspace_id: str, position: int, seconds: float) -> None:
        """Return when the workspace may have something after a position, when the time is over,
        or when everybody is let go.

        Raises Refused(OVERLOADED) where too many wait.
        """
        if self._closed:
            return
        if self._count >= self._most:
            raise Refused(Kind.OVERLOADED, "Too many wait for changes; ask again without wait.")
        waiter = _Waiter(position, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(workspace_id, set()).add(waiter)
        self._count += 1
        if self._last_heard > position:
            self._late.add(workspace_id)
            self._news.set()
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watching(), name="change waiters")
        try:
            await asyncio.wait_for(waiter.woken, seconds)
        except TimeoutError:
            return
        finally:
            self._count -= 1
            others = self._waiting[workspace_id]
            others.discard(waiter)
            if not others:
                del self._waiting[workspace_id]

    def let_go(self) -> None:
        """Nobody waits any more, now or later: the process is about to end."""
        self._closed = True
        for workspace_id in self._waiting:
            self._wake(workspace_id, None)

    async def stop(self) -> None:
        self.let_go()
        if self._watch is not None:
            await cancelled(self._watch)

    async def _watching(self) -> None:
        while self._waiting:
            try:
                async with asyncio.timeout(self._look_s):
                    await self._news.wait()
            except TimeoutError:
                await self._look(self._past())
            else:
                await self._follow()

    async def _follow(self) -> None:
        """Wake those of whom was heard, once the view has it, and those who came too late to hear
        what there is for them."""
        self._news.clear()
        heard, self._heard = self._heard, {}
        late, self._late = self._late, set()
        try:
            await self._views.reached(ACTIVITY_VIEW, self._last_heard)
        except Exception as error:
            # They are woken all the same: whoever asks for a page is told what is wrong.
            _tell(error)
        for workspace_id, position in heard.items():
            self._wake(workspace_id, position)
        await self._look({each: past for each, past in self._past().items() if each in late})

    def _past(self) -> Mapping[str, int]:
        return {
            workspace_id: min(waiter.past for waiter in waiters)
            for workspace_id, waiters in self._waiting.items()
        }

    async def _look(self, past: Mapping[str, int]) -> None:
        try:
            moved = await self._queries.moved(past) if past else {}
        except Exception as error:
            _tell(error)
            return
        for workspace_id, position in moved.items():
            self._wake(workspace_id, position)

    def _wake(self, workspace_id: str, position: int | None) -> None:
        for waiter in self._waiting.get(workspace_id, ()):
            is_past = position is None or position > waiter.past
            if is_past and not waiter.woken.done():
                waiter.woken.set_result(None)


def _tell(error: Exception) -> None:
    if not isinstance(error, Refused) and outage(error) is None:
        _log.error("change_waiters_blind", exc_info=error)
