"""The stream about the log itself: one for the whole log, known without being looked up."""

from typing import Final

from domain.aggregate import Aggregate
from domain.ledger.events import ChainsSummed, IncarnationDeclared, SigningKeyChanged
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE, between
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun

LEDGER_STREAM: Final = between("ledger", SYSTEM_WORKSPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(StreamState):
    """`upto` and `root`: the chains as they were summed last; empty where they never were."""

    upto: int = 0
    root: bytes = b""


def evolve(state: Ledger | None, event: object, stamp: Stamp) -> Ledger | None:
    if state is None:
        if not isinstance(event, ChainsSummed | SigningKeyChanged | IncarnationDeclared):
            return None
        state = begun(Ledger, stamp)
    match event:
        case ChainsSummed():
            return touched(state, stamp, upto=event.upto, root=event.root)
        case _:
            return touched(state, stamp)


LEDGER = Aggregate("ledger", evolve)
