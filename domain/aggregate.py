"""An aggregate as a value: its kind, and how its state follows from its events."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from domain.values.frozen import dataclass
from domain.values.stamp import Stamp


class Versioned(Protocol):
    """What every state knows about its own stream."""

    @property
    def version(self) -> int: ...

    @property
    def position(self) -> int: ...

    @property
    def workspace_id(self) -> str: ...


S = TypeVar("S", bound=Versioned)


def touches_nothing(state: Any, event: object, workspace_id: str) -> tuple[str, ...]:
    return ()


def repeats_nobody(state: Any, event: object) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """`evolve(state or None, event, stamp)` gives the next state and never raises.

    `kind` is the prefix of its streams' ids. None stands for a stream without events. An event
    that `evolve` does not know (written by newer code) changes nothing but version and time.
    `touches(state, event, workspace_id)` names the guards that an event on that state (None for
    the first) moves, so that no command can forget one. `authors(state, event)` names in the same
    way who wrote the words that an event only repeats, by the fields that hold them: what stood
    there before (`was`) stays the text of whoever wrote it, and goes with that person's key.
    `last_event_tells`: an answer about it shows what its last event says and nothing else, and
    that event alone can be folded; so a repeated command need not read a long stream.
    """

    kind: str
    evolve: Callable[[S | None, object, Stamp], S | None]
    touches: Callable[[S | None, object, str], tuple[str, ...]] = touches_nothing
    authors: Callable[[S | None, object], Mapping[str, str]] = repeats_nobody
    last_event_tells: bool = False

    def fold(self, events: Iterable[tuple[object, Stamp]], state: S | None = None) -> S | None:
        for event, stamp in events:
            state = self.evolve(state, event, stamp)
        return state
