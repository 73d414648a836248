"""An aggregate as a value: its kind, and how its state follows from its events."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.values.stamp import Stamp

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """`evolve(state or None, event, stamp)` gives the next state and never raises.

    None stands for a stream without events. An event that `evolve` does not know
    (written by newer code) leaves the state as it is.
    """

    kind: str
    evolve: Callable[[S | None, object, Stamp], S | None]

    def fold(self, events: Iterable[tuple[object, Stamp]], state: S | None = None) -> S | None:
        for event, stamp in events:
            state = self.evolve(state, event, stamp)
        return state
