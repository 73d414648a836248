"""Whatever pieces events come in, a reader gets each position once and in order."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from domain.values.recorded import Recorded
from infra.event_store.rows import StoredRow
from infra.nats.wire import encode_batch
from infra.processes.counters import Counters
from infra.processes.intake import Intake

LOG_ID = "log"


def row(position: int) -> StoredRow:
    return StoredRow(position, "ws", f"stream_{position % 7}", 1, "Added", b"p", b"", 0)


class GrowingLog:
    """Positions 1 to `head`."""

    def __init__(self) -> None:
        self.head = 0

    async def read_rows(self, first: int, last: int) -> Sequence[StoredRow]:
        return [row(position) for position in range(first, min(last, self.head) + 1)]

    async def decode(self, rows: Sequence[StoredRow], **_: Any) -> Sequence[Recorded]:
        raise AssertionError("nothing is opened here")

    async def decode_envelope(self, row: StoredRow, *, aliases: bool = False) -> Recorded:
        raise AssertionError("nothing is opened here")


@dataclass(frozen=True)
class Delivered:
    data: bytes
    reply: str = ""


class UnreliableStream:
    """What may lie between relay and projector: relays that take over and cut anew, messages
    twice, late, lost by a purge, of another log, or no messages at all."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._kept: deque[Delivered] = deque()
        self._ready: deque[Delivered] = deque()
        self._cursor = 0
        self._epoch = 1
        self.batches = 0

    def relay(self, head: int) -> None:
        chance = self._chance
        if chance.random() < 0.05:
            self._epoch += 1
            self._cursor = chance.randrange(max(0, self._cursor - 50), self._cursor + 1)
        while self._cursor < head:
            last = min(head, self._cursor + chance.choice((1, 1, 2, 5, 20)))
            rows = [row(position) for position in range(self._cursor + 1, last + 1)]
            self.deliver(Delivered(encode_batch(LOG_ID, self._epoch, rows)))
            self._cursor = last
            self.batches += 1
        if chance.random() < 0.03:
            self._ready.clear()
        if chance.random() < 0.03:
            self.deliver(Delivered(encode_batch("another", 1, [row(head + 1)])))
        if chance.random() < 0.03:
            self.deliver(Delivered(b"nonsense"))

    def deliver(self, message: Delivered) -> None:
        self._ready.append(message)
        self._kept.append(message)
        if len(self._kept) > 20:
            self._kept.popleft()
        if self._chance.random() < 0.05:
            self._ready.append(self._chance.choice(self._kept))
        if self._chance.random() < 0.05:
            self._ready.rotate(self._chance.randrange(-3, 4))

    def take(self) -> Delivered | None:
        return self._ready.popleft() if self._ready else None


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_missed_or_doubled_over_thousands_of_cuts(seed: int) -> None:
    chance = random.Random(seed)
    store, stream = GrowingLog(), UnreliableStream(chance)
    intake = Intake(stream, store, LOG_ID, Counters())
    intake.believed = True
    got: list[int] = []
    last_head = 0

    async def step(most: int) -> bool:
        following = len(got)
        rows = await intake.read(following, most) if intake.ask_log else []
        if not rows:
            rows, _ = await intake.drain(following, most, 10_000)
        got.extend(one.position for one in rows)
        if chance.random() < 0.05:  # a restart: back to an earlier checkpoint
            del got[chance.randrange(max(0, len(got) - 30), len(got) + 1) :]
            intake.ask_log = chance.random() < 0.5
        return bool(rows)

    while stream.batches < 2_000:
        store.head += chance.choice((0, 1, 3, 10, 40))
        stream.relay(store.head)
        for _ in range(chance.randrange(4)):
            await step(chance.choice((1, 7, 50)))
        assert got == list(range(1, len(got) + 1))
        if chance.random() < 0.1:  # the beat says that there is more than was there before
            intake.ask_log = intake.ask_log or len(got) < last_head
            last_head = store.head
    intake.ask_log = True
    while len(got) < store.head:
        await step(50)
        intake.ask_log = True
    assert got == list(range(1, store.head + 1))


async def test_a_stream_that_is_not_believed_gives_nothing() -> None:
    store, stream = GrowingLog(), UnreliableStream(random.Random(1))
    intake = Intake(stream, store, LOG_ID, Counters())
    store.head = 1
    stream.deliver(Delivered(encode_batch(LOG_ID, 1, [row(1)])))
    rows, used_up = await intake.drain(0, 100, 10_000)
    assert rows == []
    assert used_up is not None


async def test_a_message_beyond_the_log_is_refused() -> None:
    store, stream = GrowingLog(), UnreliableStream(random.Random(2))
    store.head = 3
    intake = Intake(stream, store, LOG_ID, Counters())
    intake.believed = True
    stream.deliver(Delivered(encode_batch(LOG_ID, 1, [row(9)])))
    rows, _ = await intake.drain(3, 100, 10_000)
    assert rows == []
