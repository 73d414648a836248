"""Which commits may share a batch, whatever they are."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Kind, Refused
from infra.event_store.batch import MAX_BYTES, MAX_EVENTS
from infra.event_store.encoder import EncodedCommit, PackedEvents
from infra.event_store.queue import MAX_BYTES as MOST_WAITING_BYTES
from infra.event_store.queue import CommitQueue

streams = st.sampled_from(["a", "b", "c", "d", "e"])
guards = st.sampled_from(["g", "h"])
claims = st.sampled_from([("scope", b"x"), ("scope", b"y")])
command_ids = st.integers(0, 99).map(lambda number: number.to_bytes(16))  # some come twice


def encoded(
    command_id: bytes,
    written: frozenset[str],
    read: frozenset[str],
    asserted: frozenset[str],
    touched: list[str],
    claimed: list[tuple[str, bytes]],
    count: int,
    size: int,
) -> EncodedCommit:
    events = PackedEvents(count, b"", b"", b"", b"", b"", b"", None, size)
    return EncodedCommit(
        command_id,
        "ws",
        "a",
        1,
        None,
        events,
        dict.fromkeys(written | read, 0),
        written,
        [(stream, 0) for stream in read - written],
        dict.fromkeys(asserted, 0),
        [1] * len(touched),
        touched,
        [],
        claimed,
    )


commits = st.builds(
    encoded,
    command_ids,
    st.frozensets(streams, max_size=2),
    st.frozensets(streams, max_size=3),
    st.frozensets(guards, max_size=1),
    st.lists(guards, max_size=1),
    st.lists(claims, max_size=1),
    st.integers(0, 150),
    st.integers(0, MAX_BYTES),
)


def conflict(one: EncodedCommit, other: EncodedCommit) -> bool:
    return one.command_id == other.command_id or any(
        set(changed) & set(relied)
        for first, second in ((one, other), (other, one))
        for changed, relied in (
            (first.written, second.expected),
            (first.touched, second.guards),
            (first.claimed, second.claimed),
        )
    )


@given(st.lists(commits, max_size=40))
async def test_batches_are_free_of_conflicts_and_keep_the_order(
    asked: list[EncodedCommit],
) -> None:
    queue = CommitQueue()
    for commit in asked:
        queue.put(commit)
    taken = []
    while queue:
        batch = [waiting.commit for waiting in queue.take_batch()]
        assert batch, "the one that waits longest always goes"
        taken.append(batch)
    place = {id(commit): index for index, commit in enumerate(asked)}
    assert sorted(place[id(commit)] for batch in taken for commit in batch) == list(
        range(len(asked))
    )
    written: dict[str, list[int]] = defaultdict(list)
    for batch in taken:
        for index, commit in enumerate(batch):
            assert not any(conflict(commit, other) for other in batch[:index])
            for stream in commit.written:
                written[stream].append(place[id(commit)])
        if len(batch) > 1:
            assert sum(commit.events.count for commit in batch) <= MAX_EVENTS
            assert sum(commit.events.size for commit in batch) <= MAX_BYTES
    assert all(order == sorted(order) for order in written.values())


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    queue = CommitQueue()
    one = encoded(b"one", frozenset(), frozenset("a"), frozenset(), [], [], 1, MAX_BYTES)
    for _ in range(MOST_WAITING_BYTES // MAX_BYTES):
        queue.put(one)
    with pytest.raises(Refused) as refusal:
        queue.put(one)
    assert refusal.value.kind is Kind.OVERLOADED
    queue.take_batch()
    queue.put(one)
    assert len(queue) == MOST_WAITING_BYTES // MAX_BYTES


async def test_what_a_batch_failed_with_goes_alone() -> None:
    queue = CommitQueue()
    for stream in "abcd":
        written = frozenset(stream)
        queue.put(encoded(stream.encode(), written, frozenset(), frozenset(), [], [], 1, 1))
    failed = queue.take_batch()
    for waiting in failed[:2]:
        waiting.alone = True
    queue.put_back(failed)
    assert [len(queue.take_batch()) for _ in range(3)] == [1, 1, 2]
