"""Counting what is tried: nothing is lost, and a flood makes counts larger and nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.security.tally import Tally

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_first_is_told_at_once_and_what_follows_together_once_a_window() -> None:
    tally: Tally[str] = Tally("", window_s=60, most_keys=10)
    told = []
    for second in range(181):
        for _ in range(100):
            tally.add("ann", "password", f"10.0.0.{second}", START + timedelta(seconds=second))
        told += [(second, count) for _, count in tally.due(float(second))]
    assert [second for second, _ in told] == [0, 60, 120, 180]
    assert [count.times for _, count in told] == [100, 6_000, 6_000, 6_000]
    assert [len(count.addresses) for _, count in told] == [1, 60, 60, 60]
    assert told[1][1].since == START + timedelta(seconds=1)
    assert told[1][1].until == START + timedelta(seconds=60)


@given(
    tries=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), max_size=120),
    fails=st.sets(st.integers(0, 20)),
)
@settings(max_examples=60, deadline=None)
def test_every_try_is_told_once_whoever_makes_up_names_and_ways(
    tries: list[tuple[int, int]], fails: set[int]
) -> None:
    tally: Tally[str] = Tally("others", window_s=5, most_keys=8)
    told: dict[str, int] = {}
    notes = 0
    for second, (who, way) in enumerate(tries):
        tally.add(str(who), f"way {way}", None, START)
        if second % 7 == 0:
            due = list(tally.due(float(second)))
            assert len(due) <= 9
            for key, count in due:
                notes += 1
                assert sum(count.ways.values()) == count.times
                assert len(count.ways) <= 21
                if notes in fails:
                    tally.put_back(key, count)
                else:
                    told[key] = told.get(key, 0) + count.times
    for key, count in tally.due(1e9):
        told[key] = told.get(key, 0) + count.times
    assert sum(told.values()) == len(tries)
