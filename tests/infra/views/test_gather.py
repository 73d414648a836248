"""Reads that wait leave together; none is lost, mixed up or harmed by another."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from domain.errors import Kind, Refused
from infra.postgres.views.gather import Gather


class Source:
    """Answers when told to."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(keys))
        await self.gate.wait()
        if 13 in keys:
            raise ValueError("13")
        return {key: f"value {key}" for key in keys if key < 100}


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_ask_at_once_leave_at_once_and_the_same_key_once() -> None:
    source = Source()
    gather = Gather(source.fetch, lanes=1)
    readers = [asyncio.create_task(gather.get(key)) for key in (1, 2, 1, 100)]
    await settle()
    later = [asyncio.create_task(gather.get(key)) for key in (3, 1)]
    await settle()
    assert source.asked == [[1, 2, 100]]
    source.gate.set()
    assert await asyncio.gather(*readers) == ["value 1", "value 2", "value 1", None]
    assert await asyncio.gather(*later) == ["value 3", "value 1"]
    assert source.asked[1:] == [[3, 1]]


async def test_those_who_ask_again_once_they_are_answered_leave_with_who_waited() -> None:
    source = Source()
    gather = Gather(source.fetch, lanes=1)

    async def ask_twice(key: int) -> None:
        await gather.get(key)
        await gather.get(key + 10)

    readers = [asyncio.create_task(ask_twice(key)) for key in (1, 2)]
    await settle()
    waited = asyncio.create_task(gather.get(3))
    await settle()
    source.gate.set()
    await asyncio.gather(*readers, waited)
    assert source.asked == [[1, 2], [3, 11, 12]]


async def test_a_reader_that_goes_away_disturbs_nobody() -> None:
    source = Source()
    gather = Gather(source.fetch, lanes=1)
    gone, stays = (asyncio.create_task(gather.get(1)) for _ in range(2))
    await settle()
    gone.cancel()
    await settle()
    source.gate.set()
    assert await stays == "value 1"
    assert gone.cancelled()


async def test_a_failure_belongs_to_those_who_asked_for_it() -> None:
    source = Source()
    gather = Gather(source.fetch, lanes=2, batch=1)
    source.gate.set()
    found = await asyncio.gather(*(gather.get(key) for key in (12, 13, 14)), return_exceptions=True)
    assert [found[0], found[2]] == ["value 12", "value 14"]
    assert isinstance(found[1], ValueError)
    assert await gather.get(1) == "value 1"


async def test_lanes_and_batches_are_bounded() -> None:
    source = Source()
    gather = Gather(source.fetch, lanes=2, batch=3)
    readers = [asyncio.create_task(gather.get(key)) for key in range(20, 30)]
    await settle()
    assert source.asked == [[20, 21, 22], [23, 24, 25]]
    source.gate.set()
    assert await asyncio.gather(*readers) == [f"value {key}" for key in range(20, 30)]
    assert max(map(len, source.asked)) == 3


async def test_too_many_readers_are_refused() -> None:
    source = Source()
    gather = Gather(source.fetch, lanes=1, waiting=2)
    first = asyncio.create_task(gather.get(1))
    await settle()
    waiting = [asyncio.create_task(gather.get(key)) for key in (2, 3)]
    await settle()
    with pytest.raises(Refused) as refusal:
        await gather.get(4)
    assert refusal.value.kind is Kind.OVERLOADED
    source.gate.set()
    assert await asyncio.gather(first, *waiting) == ["value 1", "value 2", "value 3"]
