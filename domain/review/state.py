"""What of a workspace's trail was reviewed, and how often it has to be: one stream for each."""

from datetime import datetime, timedelta
from typing import Final

from domain.aggregate import Aggregate
from domain.review.events import ReviewScheduleChanged, TrailReviewed
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun

# Spans that touch become one, so that there are many only where gaps are left on purpose.
_SPANS_KEPT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews(StreamState):
    """`reviewed`: spans of positions, in order, apart from each other. `scheduled_at`: since when
    reviews are due `every_days`."""

    every_days: int | None = None
    scheduled_at: datetime | None = None
    reviewed: tuple[tuple[int, int], ...] = ()

    def due_at(self, recorded_at: datetime) -> datetime | None:
        """When an event that was recorded then must have been reviewed: what was there before
        there was a schedule has as long as what came with it. None without one."""
        if self.every_days is None or self.scheduled_at is None:
            return None
        return max(recorded_at, self.scheduled_at) + timedelta(days=self.every_days)


def reviews_of(workspace_id: str) -> str:
    """The stream of the reviews of a workspace's trail."""
    return beside("reviews", workspace_id)


def joined(
    spans: tuple[tuple[int, int], ...], first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """These spans and one more; those that overlap or touch become one."""
    apart = [span for span in spans if span[1] < first - 1 or span[0] > last + 1]
    met = [span for span in spans if span not in apart]
    whole = (min([first, *(a for a, _ in met)]), max([last, *(b for _, b in met)]))
    return tuple(sorted([*apart, whole]))[-_SPANS_KEPT:]


def evolve(state: Reviews | None, event: object, stamp: Stamp) -> Reviews | None:
    if state is None:
        if not isinstance(event, TrailReviewed | ReviewScheduleChanged):
            return None
        state = begun(Reviews, stamp)
    match event:
        case TrailReviewed():
            reviewed = joined(state.reviewed, event.first, event.last)
            return touched(state, stamp, reviewed=reviewed)
        case ReviewScheduleChanged():
            since = state.scheduled_at if state.every_days is not None else stamp.recorded_at
            return touched(
                state,
                stamp,
                every_days=event.every_days,
                scheduled_at=None if event.every_days is None else since,
            )
        case _:
            return touched(state, stamp)


REVIEWS = Aggregate("reviews", evolve)
