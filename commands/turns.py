"""Turns: those who want the same thing in one process go one after another."""

from asyncio import Lock, timeout
from dataclasses import dataclass, field

from domain.errors import Kind, Refused


@dataclass(slots=True)
class _Turn:
    lock: Lock = field(default_factory=Lock)
    wanted: int = 0


class Turns:
    """Locks by name, kept only while somebody holds or wants them."""

    def __init__(self, queue: int) -> None:
        """At most `queue` may wait for one name."""
        self._queue = queue
        self._turns: dict[str, _Turn] = {}

    async def take(self, name: str, patience_seconds: float | None = None) -> None:
        """Raises Refused(OVERLOADED) where too many wait, TimeoutError past the patience."""
        turn = self._turns.get(name)
        if turn is None:
            turn = self._turns[name] = _Turn()
        elif turn.wanted > self._queue:
            raise Refused(
                Kind.OVERLOADED, "Too many requests wait to change the same thing; slow down."
            )
        turn.wanted += 1
        try:
            if turn.lock.locked() and patience_seconds is not None:
                async with timeout(patience_seconds):
                    await turn.lock.acquire()
            else:
                await turn.lock.acquire()
        except BaseException:
            self._leave(name, turn)
            raise

    def is_taken(self, name: str) -> bool:
        """Whether whoever takes it now has to wait."""
        return name in self._turns

    def give(self, name: str) -> None:
        turn = self._turns[name]
        turn.lock.release()
        self._leave(name, turn)

    def _leave(self, name: str, turn: _Turn) -> None:
        turn.wanted -= 1
        if not turn.wanted:
            del self._turns[name]
