"""The stream about the log itself: one for the whole log, known without being looked up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.aggregate import Aggregate
from domain.ledger.events import ChainsSummed, IncarnationDeclared, SigningKeyChanged
from domain.values.evolved import touched
from domain.values.ids import SYSTEM_WORKSPACE, between
from domain.values.stamp import Stamp

LEDGER_STREAM: Final = between("ledger", SYSTEM_WORKSPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """`upto` and `root`: the chains as they were summed last; empty where they never were."""

    workspace_id: str
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    upto: int = 0
    root: bytes = b""


def evolve(state: Ledger | None, event: object, stamp: Stamp) -> Ledger | None:
    if state is None:
        if not isinstance(event, ChainsSummed | SigningKeyChanged | IncarnationDeclared):
            return None
        state = Ledger(
            workspace_id=stamp.workspace_id,
            updated_at=stamp.at,
            updated_by=stamp.actor,
            version=stamp.version,
            position=stamp.position,
        )
    match event:
        case ChainsSummed():
            return touched(state, stamp, upto=event.upto, root=event.root)
        case _:
            return touched(state, stamp)


LEDGER = Aggregate("ledger", evolve)
