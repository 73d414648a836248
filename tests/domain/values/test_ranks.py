"""Ranks keep the order in which cards were put, whatever is put where, and stay short."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commands.execution import random_tail
from domain.values.rank import LONG_RANK, fresh_rank, rank_between, spread
from tests.domain.given import START
from tests.domain.tried import tried


@tried(50)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=120),
    st.integers(0, 60),
    st.integers(0, 200),
)
def test_spreading_never_changes_an_order(
    moves: list[tuple[int, bool]], count: int, place: int
) -> None:
    ranks = [fresh_rank(START, random_tail())]
    for at, _ in moves:
        where = at % (len(ranks) + 1)
        lower = ranks[where - 1] if where else None
        upper = ranks[where] if where < len(ranks) else None
        ranks.insert(where, rank_between(lower, upper, random_tail()))
    start = place % len(ranks)
    end = min(len(ranks), start + max(1, count))
    lower = ranks[start - 1] if start else None
    upper = ranks[end] if end < len(ranks) else None
    ranks[start:end] = spread(lower, upper, end - start, random_tail)
    assert ranks == sorted(set(ranks))
    assert all(not rank.endswith("0") for rank in ranks)


def test_ranks_come_out_short_wherever_there_is_room() -> None:
    lower, upper = fresh_rank(START, "aaaaaa"), fresh_rank(START, "aaaaab")
    ranks = spread(lower, upper, 1_000, random_tail)
    assert max(map(len, ranks)) < LONG_RANK
    assert len(ranks) == 1_000
    assert [lower, *ranks, upper] == sorted({lower, *ranks, upper})
    assert spread(lower, upper, 0, random_tail) == []


def grown(random: Random, count: int) -> Any:
    """Ranks of cards that were all put into one gap, now on this side of the last, now on that."""
    lower, upper = "h00000000V", "h00000001V"
    for _ in range(count):
        rank = rank_between(lower, upper, random_tail())
        if random.random() < 0.5:
            lower = rank
        else:
            upper = rank
    return lower, upper


def test_one_gap_makes_long_ranks_slowly() -> None:
    lower, upper = grown(Random(1), 60)
    assert len(max(lower, upper, key=len)) < LONG_RANK
    lower, upper = grown(Random(1), 600)
    assert len(max(lower, upper, key=len)) > LONG_RANK
