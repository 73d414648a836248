"""Turns: those who want the same thing in one process go one after another."""

from asyncio import Future, get_running_loop, timeout
from collections import deque

from domain.errors import Kind, Refused


class Turns:
    """Turns by name, kept only while somebody has or wants them."""

    def __init__(self, queue: int) -> None:
        """At most `queue` may wait for one name."""
        self._queue = queue
        # For each name that is taken those who wait for it, the longest waiting first.
        self._taken: dict[str, deque[Future[None]]] = {}

    async def take(self, name: str, patience_seconds: float | None = None) -> None:
        """Raises Refused(OVERLOADED) where too many wait, TimeoutError past the patience."""
        waiting = self._taken.get(name)
        if waiting is None:
            self._taken[name] = deque()
            return
        if len(waiting) >= self._queue:
            raise Refused(
                Kind.OVERLOADED, "Too many requests wait to change the same thing; slow down."
            )
        turn: Future[None] = get_running_loop().create_future()
        waiting.append(turn)
        try:
            async with timeout(patience_seconds):
                await turn
        except BaseException:
            if turn.cancelled():
                waiting.remove(turn)
            else:  # it came just as it was given up
                self.give(name)
            raise

    def is_taken(self, name: str) -> bool:
        """Whether whoever takes it now has to wait."""
        return name in self._taken

    def give(self, name: str) -> None:
        waiting = self._taken[name]
        for turn in waiting:
            if not turn.done():
                waiting.remove(turn)
                turn.set_result(None)
                return
        del self._taken[name]
