"""Waiting until a view shows what its reader has written: woken when views move, and polled."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from domain.errors import Kind, Refused
from infra.postgres.views.pointers import Pointers
from projections.projection import Projection

POLL_S = 0.1
PATIENCE_S = 2.0


class Positioned(Protocol):
    """An answer of a view that says how far the view was."""

    @property
    def position(self) -> int: ...


A = TypeVar("A", bound=Positioned)


@dataclass(slots=True, eq=False)
class _Waiter:
    view: tuple[str, int]
    position: int
    reached: asyncio.Future[None]


class ViewWaiter:
    """However many wait, one question at a time asks where the views are: when somebody calls
    `wake`, and every 100 ms. What it says is used at once and never kept: a view may fall back
    together with its rows when PostgreSQL dies."""

    def __init__(
        self, pointers: Pointers, *, poll_s: float = POLL_S, patience_s: float = PATIENCE_S
    ) -> None:
        self._pointers = pointers
        self._poll_s = poll_s
        self._patience_s = patience_s
        self._waiters: set[_Waiter] = set()
        self._positions: Mapping[tuple[str, int], int] = {}
        self._moved = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Some view has moved. May be called at any time, also for nothing."""
        self._moved.set()

    async def reached(self, view: Projection, position: int) -> None:
        """Return once the view has been seen at `position` or beyond. Whoever asks it then by the
        same pointers asks the generation that was seen.

        Raises Refused(VIEW_BEHIND) with the view's own position when it is not there in time.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter((view.name, view.version), position, future)
        self._waiters.add(waiter)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watching())
        try:
            await asyncio.wait_for(future, self._patience_s)
        except TimeoutError:
            raise self._behind(waiter) from None
        finally:
            self._waiters.discard(waiter)

    async def at_least(
        self, view: Projection, position: int | None, ask: Callable[[], Awaitable[A]]
    ) -> A:
        """What `ask` answers once the view has `position`; None: whatever it has now.

        Raises Refused(VIEW_BEHIND), as `reached`.
        """
        answer = await ask()
        deadline = asyncio.get_running_loop().time() + self._patience_s
        while position is not None and answer.position < position:
            if asyncio.get_running_loop().time() >= deadline:
                raise _refusal(view.name, answer.position)
            await self.reached(view, position)
            answer = await ask()
        return answer

    async def _watching(self) -> None:
        while self._waiters:
            self._moved.clear()
            try:
                await self._look()
            except Exception as error:  # the waiters' own question will say what is wrong
                for waiter in self._waiters:
                    if not waiter.reached.done():
                        waiter.reached.set_exception(error)
                return
            if not self._waiters:
                return
            try:
                await asyncio.wait_for(self._moved.wait(), self._poll_s)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        self._positions = await self._pointers.read_again()
        for waiter in self._waiters:
            arrived = self._positions.get(waiter.view, 0) >= waiter.position
            if arrived and not waiter.reached.done():
                waiter.reached.set_result(None)

    def _behind(self, waiter: _Waiter) -> Refused:
        return _refusal(waiter.view[0], self._positions.get(waiter.view, 0))


def _refusal(view: str, position: int) -> Refused:
    return Refused(
        Kind.VIEW_BEHIND,
        f"The view {view} does not show that position yet; try again in a moment.",
        view=view,
        position=position,
    )
