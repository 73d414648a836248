"""Ranks keep their order whatever is moved, and two never meet."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.values.rank import DIGITS, fresh_rank, rank_between
from tests.domain.tried import tried

TAIL_LENGTH = 6

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
FIRST_TAIL = "0" * (TAIL_LENGTH - 1) + "1"
LAST_TAIL = "z" * TAIL_LENGTH

_tails = st.builds(
    lambda head, last: head + last,
    st.text(DIGITS, min_size=TAIL_LENGTH - 1, max_size=TAIL_LENGTH - 1),
    st.sampled_from(DIGITS[1:]),
)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(1, 10**9),
    _tails,
    _tails,
)
def test_a_card_that_comes_in_later_stands_later(at, milliseconds, tail, other):
    later = at + timedelta(milliseconds=milliseconds)
    assert fresh_rank(at, tail) < fresh_rank(later, other)


@tried(60)
@given(
    st.lists(st.tuples(st.integers(0, 2**30), st.integers(0, 2**30), _tails), max_size=120),
    st.integers(1, 12),
)
def test_cards_keep_their_order_whatever_is_moved(moves, count):
    board = [fresh_rank(NOW + timedelta(milliseconds=n // 2), FIRST_TAIL) for n in range(count)]
    board = sorted(set(board))
    for taken, put, tail in moves:
        if len(board) > 1:
            board.pop(taken % len(board))
        place = put % (len(board) + 1)
        lower = board[place - 1] if place else None
        upper = board[place] if place < len(board) else None
        board.insert(place, rank_between(lower, upper, tail))
        assert board == sorted(set(board))


@given(_tails, _tails, _tails)
def test_a_tail_never_carries_a_card_past_its_neighbour(lower, upper, tail):
    """The key between two cards of adjacent milliseconds is the beginning of the later one."""
    first = fresh_rank(NOW, lower)
    second = fresh_rank(NOW + timedelta(milliseconds=1), upper)
    for extreme in (FIRST_TAIL, LAST_TAIL, tail):
        assert first < rank_between(first, second, extreme) < second
        assert rank_between(None, first, extreme) < first
        assert second < rank_between(second, None, extreme)


def test_two_who_drop_a_card_at_the_same_place_get_different_ranks():
    random = Random(7)
    lower, upper = fresh_rank(NOW, FIRST_TAIL), fresh_rank(NOW + timedelta(days=1), FIRST_TAIL)
    drops = {
        rank_between(lower, upper, "".join(random.choices(DIGITS[1:], k=TAIL_LENGTH)))
        for _ in range(1_000)
    }
    assert len(drops) == 1_000


def test_neighbours_that_leave_no_room_put_the_card_after_the_first():
    assert rank_between("a5", "a3", FIRST_TAIL) > "a5"
    assert rank_between("a5", "a5", FIRST_TAIL) > "a5"


def test_ranks_in_the_log_go_on_meaning_what_they_meant():
    assert fresh_rank(NOW, FIRST_TAIL) == "h0VCbXTZA000001"
    assert fresh_rank(NOW + timedelta(days=1), FIRST_TAIL) == "h0VChO09Y000001"
