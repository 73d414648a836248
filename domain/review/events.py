"""That somebody has looked at the trail, and how often somebody must."""

from domain.values.frozen import dataclass
from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReviewed:
    """The actor attests that they have looked at every event from `first` to `last`, both
    included, with what they found."""

    first: int
    last: int
    note: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewScheduleChanged:
    """Every event has to be reviewed within so many days (None: within no time)."""

    every_days: int | None
    was: int | None


ReviewEvent = TrailReviewed | ReviewScheduleChanged
