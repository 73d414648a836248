"""How long a command is decided again where others were first."""

from typing import Final

from commands.ports import StreamMoved

TRIES: Final = 4

# Those who want the last place in a column meet at its guard, however many processes they are in:
# they decide again until there is room or there is none.
TRIES_AT_GUARDS: Final = 32

# Hundreds may add to one graph at once, from several processes. Between two tries of one that was
# overtaken there lies a read and a decision, so each try is in with better than even odds.
MEETING_PATIENCE_SECONDS: Final = 10.0


class Patience:
    """Two who change the same thing get a few tries; those who only meet on the way more of them:
    many at a guard, and at what a command calls a meeting point as many as the time allows."""

    def __init__(self) -> None:
        self.begun = 0
        self._spent = 0
        self._at_guards = 0
        self._meeting_until: float | None = None

    @property
    def left(self) -> bool:
        return self._spent < TRIES and self._at_guards < TRIES_AT_GUARDS

    def begin(self) -> int:
        """Begin a try; gives how many were begun before it."""
        self.begun += 1
        self._spent += 1
        return self.begun - 1

    def spare(self) -> None:
        """The try that was begun last does not count."""
        self._spent -= 1

    def overtaken(self, moved: StreamMoved, meeting_points: set[str], now: float) -> None:
        """Others were first; `now` is a clock's that only goes forward, in seconds."""
        met = (*moved.streams, *moved.guards)
        if met and meeting_points.issuperset(met):
            if self._meeting_until is None:
                self._meeting_until = now + MEETING_PATIENCE_SECONDS
            if now < self._meeting_until:
                self.spare()
        elif moved.guards and not moved.streams:
            self.spare()
            self._at_guards += 1
