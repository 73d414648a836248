"""Streams that are asked for at the same time are read together, and nobody gets another's."""

import asyncio

from infra.event_store.store import PostgresEventStore
from tests.infra.event_store.made import a_stream, commit, event


async def test_each_gets_its_own_stream_from_where_it_asked(store: PostgresEventStore) -> None:
    lengths = {a_stream(): length for length in (1, 2, 49, 50, 51, 120)}
    for stream, length in lengths.items():
        await store.append(commit(*(event(stream) for _ in range(length))))
    unknown = a_stream()
    asked = [
        (stream, after, upto)
        for stream in (*lengths, unknown)
        for after, upto in ((0, None), (1, None), (0, 1), (48, 50), (500, None))
    ]
    answers = await asyncio.gather(
        *(store.read_stream(stream, after, upto) for stream, after, upto in asked)
    )
    for (stream, after, upto), events in zip(asked, answers, strict=True):
        last = lengths.get(stream, 0) if upto is None else min(upto, lengths.get(stream, 0))
        assert [each.stamp.version for each in events] == list(range(after + 1, last + 1))
        assert all(each.stream == stream for each in events)
