"""How far a build is, and how fast it goes."""

import time
from collections import deque
from collections.abc import Callable

from domain.values.frozen import dataclass
from infra.processes.generations import Generation

RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """`events_per_s` is measured over the last seconds of this run."""

    generation: Generation
    position: int
    target: int
    events_per_s: float


OnProgress = Callable[[Progress], None]


class Meter:
    """Tells it, if anybody listens, whenever the build has come further."""

    def __init__(self, generation: Generation, on_progress: OnProgress | None) -> None:
        self._generation = generation
        self._on_progress = on_progress
        self._marks: deque[tuple[float, int]] = deque()
        self.position = 0
        self._target = 0

    def begin(self, position: int, target: int) -> None:
        self._target = target
        self._marks.clear()
        self.at(position)

    def at(self, position: int) -> None:
        self.position = position
        if self._on_progress is None:
            return
        now = time.monotonic()
        self._marks.append((now, position))
        while len(self._marks) > 2 and self._marks[0][0] < now - RATE_WINDOW_S:
            self._marks.popleft()
        then, past = self._marks[0]
        rate = (position - past) / (now - then) if now > then else 0.0
        self._on_progress(Progress(self._generation, position, self._target, rate))
