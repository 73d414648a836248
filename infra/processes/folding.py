"""Folding one event into a view's rows, and what may not be passed over in silence."""

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.processes.relevance import relevance
from projections.projection import Projection, Rows

UNKNOWN_TYPE = "unknown type"  # how the error of such a dead letter begins


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Stands for an event whose stored bytes cannot be read; it is poison for every view that
    looks at its type."""

    error: str


class CannotApply(Exception):
    """An event that this code cannot read, or whose type it does not know."""


def fold(projection: Projection, recorded: Recorded, rows: Rows) -> None:
    """Raises CannotApply, and whatever the view's own fold raises."""
    event = recorded.event
    folding = projection.folds.get(type(event), projection.every)
    if folding is not None:
        folding(recorded, rows)
    elif event is None:
        raise CannotApply(f"{UNKNOWN_TYPE} {recorded.type}")
    elif type(event) is Undecoded and relevance(projection)(recorded.type):
        raise CannotApply(event.error)


def concerns(projection: Projection, recorded: Recorded) -> bool:
    """Whether the view would be another without this event, as far as this code can know."""
    event = recorded.event
    if projection.every is not None:
        return True
    if type(event) is Undecoded:
        return relevance(projection)(recorded.type)
    return event is None or type(event) in projection.folds
