"""What was reviewed of a trail, and what is due."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid, Kind, Refused
from domain.review.decisions import attest, schedule
from domain.review.events import ReviewScheduleChanged, TrailReviewed
from domain.review.state import REVIEWS, joined
from tests.domain.given import LIMITS, stamp
from tests.domain.tried import tried

_spans = st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda at: (at[0], at[0] + at[1]))


@tried(100)
@given(spans=st.lists(_spans, max_size=20))
def test_spans_say_exactly_what_was_reviewed(spans: list[tuple[int, int]]):
    kept: tuple[tuple[int, int], ...] = ()
    for first, last in spans:
        kept = joined(kept, first, last)
    said = {each for first, last in kept for each in range(first, last + 1)}
    assert said == {each for first, last in spans for each in range(first, last + 1)}
    assert all(one[1] + 1 < two[0] for one, two in pairwise(kept))


def test_nobody_attests_to_what_they_did_themselves():
    with pytest.raises(Refused) as refused:
        attest(first=1, last=9, note="All well.", own_act=4, limits=LIMITS)
    assert refused.value.kind is Kind.FORBIDDEN
    assert refused.value.fields["own_position"] == 4
    (event,) = attest(first=1, last=3, note="All well.", own_act=None, limits=LIMITS)
    assert event == TrailReviewed(first=1, last=3, note="All well.")
    with pytest.raises(Invalid):
        attest(first=2, last=1, note="All well.", own_act=None, limits=LIMITS)
    with pytest.raises(Invalid):
        attest(first=1, last=1, note=" ", own_act=None, limits=LIMITS)


def test_what_was_there_before_the_schedule_has_as_long_as_what_came_with_it():
    (event,) = schedule(None, 7)
    assert event == ReviewScheduleChanged(every_days=7, was=None)
    state = REVIEWS.fold([(event, stamp(5))])
    assert state is not None
    begun = stamp(5).recorded_at
    assert state.due_at(begun - timedelta(days=100)) == begun + timedelta(days=7)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    assert state.due_at(later) == later + timedelta(days=7)
    assert schedule(state, 7) == ()
    (ended,) = schedule(state, None)
    none = REVIEWS.fold([(ended, stamp(6))], state)
    assert none is not None
    assert none.due_at(begun) is None
    with pytest.raises(Invalid):
        schedule(state, 0)
