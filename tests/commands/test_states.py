"""What a process remembers: bounded, never older than what it knew, of the right kind."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from commands.states import States
from domain.project.state import PROJECT
from domain.task.events import TaskRetitled
from domain.task.state import TASK
from domain.values.evolved import evolved
from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from infra.event_store.rows import StoredRow
from infra.ids import new_id
from tests.domain.examples import task_of
from tests.domain.given import ANN, WORKSPACE_ID


class Streams:
    """A log of streams that are given."""

    def __init__(self) -> None:
        self.opened = 0
        self.events: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, int]] = []

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        self.asked.append((stream, after))
        return [
            Recorded(event, "", _stamp(stream, version), "", Origin(ANN))
            for version, event in enumerate(self.events.get(stream, []), start=1)
            if version > after
        ]

    async def decode(self, rows: Sequence[Any]) -> Sequence[Recorded]:
        self.opened += len(rows)
        return [
            Recorded(
                self.events[row.stream][row.version - 1],
                "",
                _stamp(row.stream, row.version),
                "",
                Origin(ANN),
            )
            for row in rows
        ]

    def rows(self, stream: str, after: int = 0) -> list[StoredRow]:
        """As they travel."""
        return [
            StoredRow(version, WORKSPACE_ID, stream, version, "", b"payload", b"", 0)
            for version in range(after + 1, len(self.events[stream]) + 1)
        ]

    def retitle(self, stream: str, *titles: str) -> None:
        self.events[stream] += [TaskRetitled(title=title, was="") for title in titles]


def _stamp(stream: str, version: int) -> Stamp:
    return Stamp(WORKSPACE_ID, stream, version, ANN, datetime(2026, 3, 1, tzinfo=UTC), version)


def made(streams: Streams, description: str = "") -> str:
    task_id = new_id("task")
    streams.events[task_id] = list(task_of(description=description).events)
    return task_id


async def test_what_was_read_is_read_on_from_where_it_was():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    task_id = made(streams)
    await states.read(TASK, task_id)
    assert not await states.refresh(task_id)
    streams.events[task_id].append(TaskRetitled(title="Other", was="Paint it"))
    assert await states.refresh(task_id)
    assert states.kept(TASK, task_id).title == "Other"
    assert streams.asked[-1] == (task_id, 1)


async def test_an_answer_that_was_overtaken_changes_nothing():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    task_id = made(streams)
    old = await states.read(TASK, task_id)
    streams.events[task_id].append(TaskRetitled(title="Other", was="Paint it"))
    await states.refresh(task_id)
    states.keep(task_id, old)
    assert states.kept(TASK, task_id).version == 2


async def test_the_least_recently_used_go_first_and_long_texts_count():
    streams = Streams()
    states = States(streams, capacity_bytes=500_000)
    first, *others = [made(streams) for _ in range(50)]
    for task_id in (first, *others):
        await states.read(TASK, task_id)
    assert states.kept(TASK, first) is not None
    long = made(streams, description="x" * 90_000)
    await states.read(TASK, long)
    assert states.kept(TASK, long) is not None
    assert states.kept(TASK, first) is not None
    assert states.kept(TASK, others[0]) is None
    states.forget(long)
    assert states.kept(TASK, long) is None


async def test_a_stream_is_only_what_its_id_says():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    task_id = made(streams)
    await states.read(TASK, task_id)
    asked = len(streams.asked)
    assert states.kept(PROJECT, task_id) is None
    assert await states.read(PROJECT, task_id) is None
    assert await states.read(TASK, "task_\x00") is None
    assert len(streams.asked) == asked


async def test_what_was_heard_is_folded_once_a_command_asks_and_the_log_is_not():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    task_id = made(streams)
    await states.read(TASK, task_id)
    asked = len(streams.asked)
    streams.retitle(task_id, "Two", "Three")
    states.heard([*streams.rows(task_id), *streams.rows(task_id, after=1)])
    assert streams.opened == 0
    assert states.kept(TASK, task_id).version == 1
    assert (await states.known(TASK, task_id)).title == "Three"
    assert (await states.known(TASK, task_id)).version == 3
    assert streams.opened == 2
    assert len(streams.asked) == asked


async def test_a_row_that_was_missed_is_read_from_the_log():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    task_id = made(streams)
    await states.read(TASK, task_id)
    streams.retitle(task_id, "Two", "Three", "Four")
    _, second, third = streams.rows(task_id, after=1)
    states.heard([second])
    states.heard([third])
    assert (await states.known(TASK, task_id)).title == "Four"
    assert streams.asked[-1] == (task_id, 1)
    assert streams.opened == 0
    assert states.behind(task_id) is None


async def test_what_a_process_wrote_itself_is_no_news():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    task_id = made(streams)
    await states.read(TASK, task_id)
    streams.retitle(task_id, "Two", "Three")
    states.heard(streams.rows(task_id, after=1))
    two = evolved(states.kept(TASK, task_id), version=2, title="Two")
    states.keep(task_id, two)
    assert states.behind(task_id) == 1
    states.keep(task_id, evolved(two, version=3, title="Three"))
    assert states.behind(task_id) is None
    states.heard(streams.rows(task_id))
    assert states.behind(task_id) is None


async def test_news_take_no_more_room_than_they_may():
    streams = Streams()
    states = States(streams, capacity_bytes=1_000_000)
    busy, *others = [made(streams) for _ in range(30)]
    for task_id in (busy, *others):
        await states.read(TASK, task_id)
    streams.retitle(busy, *"abcdefghi")
    states.heard(streams.rows(busy))
    assert states.behind(busy) == 0
    assert (await states.known(TASK, busy)).title == "i"
    streams.retitle(busy, "j")
    for task_id in others:
        states.heard([StoredRow(2, WORKSPACE_ID, task_id, 2, "", bytes(200_000), b"", 0)])
    kept = [states.behind(task_id) for task_id in others]
    assert kept.count(0) > 0
    assert sum(kept) * 200_000 <= 4 * 1024 * 1024
    states.heard(streams.rows(busy))
    states.forget(busy)
    assert states.behind(busy) is None
    strange = made(streams)
    states.heard(streams.rows(strange))
    assert states.behind(strange) is None
