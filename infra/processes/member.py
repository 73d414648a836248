"""One generation of a view as a projector writes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.values.recorded import Recorded
from infra.processes import dead_letters
from infra.processes.changes import Changes
from infra.processes.dead_letters import DeadLetter
from infra.processes.folding import concerns, fold
from infra.processes.generations import Generation, Move
from infra.processes.kept_rows import RowLimits
from infra.processes.rows import Asked, RowStore
from projections.projection import Projection


@dataclass(slots=True)
class Batch:
    """What one member does in one transaction."""

    move: Move
    changes: Changes
    letters: list[DeadLetter]


class Member:
    """`position`: its committed checkpoint. `folded`: how far its rows in memory are.

    `parked`: the streams that it leaves alone, for an event of theirs could not be applied.
    """

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        position: int,
        epoch: int,
        parked: set[str],
        limits: RowLimits,
    ) -> None:
        self.projection = projection
        self.generation = generation
        self.position = position
        self.folded = position
        self.epoch = epoch
        self.parked = parked
        self.rows = RowStore(projection, generation, limits)
        self._letters: list[DeadLetter] = []

    def ahead(self, events: Sequence[Recorded]) -> Sequence[Recorded]:
        """Those of consecutive `events` that it has not folded yet."""
        if not events or events[-1].position <= self.folded:
            return ()
        return events[max(0, self.folded + 1 - events[0].position) :]

    def asked(self, events: Sequence[Recorded]) -> Asked:
        """What the folds of `events` will look at; to be loaded into `rows` before `fold`."""
        if self.parked:
            events = [recorded for recorded in events if recorded.stream not in self.parked]
        return self.rows.asked(events)

    def fold(self, events: Sequence[Recorded]) -> Batch:
        """Fold `events`, for which `rows` were loaded; the batch is then written by `write`."""
        projection, rows, parked = self.projection, self.rows, self.parked
        letters = []
        for recorded in events:
            if not parked or recorded.stream not in parked:
                fold(projection, recorded, rows)
            elif concerns(projection, recorded):
                letters.append(dead_letters.behind(recorded))
        old = self.folded
        self.folded = events[-1].position
        move = Move(self.generation, self.epoch, old, self.folded)
        return Batch(move, rows.changes(), letters)

    def forget(self) -> None:
        """Back to the checkpoint: what was folded since is not in the database."""
        self.folded = self.position
        self.rows.forget()
