"""What may be attested of a trail."""

from typing import Final

from domain.errors import Kind, Refused, invalid
from domain.review.events import ReviewEvent, ReviewScheduleChanged, TrailReviewed
from domain.review.state import Reviews
from domain.values.limits import Limits
from domain.values.text_rules import checked_comment

_MOST_DAYS: Final = 3_650


def attest(
    *, first: int, last: int, note: str, own_act: int | None, limits: Limits
) -> tuple[ReviewEvent, ...]:
    """`own_act`: where in this range the reviewer did something themselves, the first of it; nobody
    attests to that. Both ends are events of the log."""
    if last < first:
        raise invalid("/to", "Must not be before from.")
    checked_comment(note, limits, "/note")
    if own_act is not None:
        raise Refused(
            Kind.FORBIDDEN,
            f"You did something in this range yourself, at position {own_act}; somebody else has "
            "to review that. Attest to what is before it or after it.",
            own_position=own_act,
        )
    return (TrailReviewed(first=first, last=last, note=note),)


def schedule(reviews: Reviews | None, every_days: int | None) -> tuple[ReviewEvent, ...]:
    was = None if reviews is None else reviews.every_days
    if every_days is not None and not 1 <= every_days <= _MOST_DAYS:
        raise invalid("/review_every_days", f"Must be from 1 to {_MOST_DAYS:,} days, or null.")
    if every_days == was:
        return ()
    return (ReviewScheduleChanged(every_days=every_days, was=was),)
