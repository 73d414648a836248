"""The projector over a real log and real NATS."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from nats.js import api

from domain.values.recorded import Recorded
from infra.event_store.rows import StoredRow
from infra.nats.connection import NatsConnection
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.nats.wake import Beat, CommitWaker, on_views, send_beat
from infra.nats.wire import encode_batch, message_id
from infra.processes.generations import view_lock
from infra.processes.group import ProjectorLimits
from infra.processes.kept_rows import RowLimits
from infra.processes.projector import Projector
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import (
    Added,
    Removed,
    Renamed,
    SampleLog,
    Tables,
    decoded,
    replayed,
    sample,
    stored,
)


def some_events(count: int, seed: int) -> list[tuple[str, str, object]]:
    chance = random.Random(seed)
    events: list[tuple[str, str, object]] = []
    for _ in range(count):
        workspace = chance.choice(("ws_a", "ws_b"))
        stream = f"{workspace}_{chance.randrange(12)}"
        kind = chance.random()
        if kind < 0.85:
            event: object = Added(chance.randrange(100))
        elif kind < 0.93:
            event = Removed()
        else:
            event = Renamed(f"label {chance.randrange(9)}")
        events.append((workspace, stream, event))
    return events


async def as_replayed(log: SampleLog) -> Tables:
    return replayed([decoded(row) for row in await log.read_rows(1, log.head())])


def checkpoint(log: SampleLog, generation: int = 1) -> int:
    found = log.ask(
        "SELECT position FROM ops.checkpoints WHERE name = 'sample' AND generation = %s",
        generation,
    )
    return int(found[0][0]) if found else -1


async def answers(log: SampleLog, generation: int = 1, version: int = 1) -> None:
    await until(
        lambda: (
            log.ask("SELECT version, generation FROM ops.projection_pointers")
            == [(version, generation)]
        ),
        what="the pointer",
    )


async def test_events_reach_the_view_through_the_stream(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    projector = Projector([sample()], log, sessions, nats)
    wake = CommitWaker(nats, log.log_id())
    moved: list[int] = []
    await on_views(nats, log.log_id(), lambda positions: moved.append(positions["sample"]))
    run(Relay(log, sessions, nats, owner="test").run())
    run(projector.run())
    await answers(log)
    for part in range(10):
        head = log.append(*some_events(37, part))
        wake(head)
        await until(lambda upto=head: checkpoint(log) == upto)
    assert stored(log) == await as_replayed(log)
    assert projector.report["events_from_log"] < head
    await until(lambda: bool(moved) and moved[-1] == head)


async def test_views_go_on_without_nats(log: SampleLog, sessions: Sessions, run: Run) -> None:
    nowhere = NatsConnection("nats://127.0.0.1:9", "test")
    run(Projector([sample()], log, sessions, nowhere).run())
    head = log.append(*some_events(200, 1))
    await until(lambda: checkpoint(log) == head)
    head = log.append(*some_events(200, 2))
    await until(lambda: checkpoint(log) == head)
    assert stored(log) == await as_replayed(log)


async def test_batches_cut_anew_purged_and_taken_over(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    """The part of a careless relay is played by the test, the rest is real."""
    chance = random.Random(7)
    limits = ProjectorLimits(batch_events=40, kept=RowLimits(5, 10**9))
    projector = run(Projector([sample()], log, sessions, nats, limits=limits).run())
    await answers(log)
    stream = LogStream(nats, Subjects(log.log_id()), StreamLimits())
    await stream.ensure()
    cursor = epoch = 0
    for round_ in range(60):
        head = log.append(*some_events(chance.randrange(1, 40), 1_000 + round_))
        if chance.random() < 0.2:
            epoch += 1
            cursor = chance.randrange(cursor + 1)
        while cursor < head:
            last = min(head, cursor + chance.choice((1, 3, 20, 60)))
            rows = await log.read_rows(cursor + 1, last)
            if chance.random() < 0.9:
                payload = encode_batch(log.log_id(), epoch, rows)
                await stream.publish(payload, message_id(log.log_id(), epoch, rows))
            cursor = last
        if chance.random() < 0.15:
            await nats.jetstream().purge_stream(Subjects(log.log_id()).stream)
        if chance.random() < 0.1:
            projector.cancel()
            projector = run(Projector([sample()], log, sessions, nats, limits=limits).run())
        await send_beat(nats, log.log_id(), Beat(head, cursor))
        if round_ % 10 == 9:
            await until(lambda upto=head: checkpoint(log) == upto)
    assert stored(log) == await as_replayed(log)


async def test_the_planner_hears_of_tables_that_have_grown(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    def known() -> int:
        found = log.ask(
            "SELECT reltuples::integer FROM pg_class WHERE relname LIKE 'sample_tallies_v1_g1'"
        )
        return int(found[0][0]) if found else -1

    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    log.append(*[("ws_a", f"ws_a_{number}", Added(1)) for number in range(2_000)])
    await until(lambda: known() > 0, what="statistics of the young table")


class GatedLog:
    """Stops a reader between reading and writing, as a paused process is stopped."""

    def __init__(self, log: SampleLog) -> None:
        self._log = log
        self.open = asyncio.Event()
        self.open.set()
        self.waiting = False

    async def read_rows(self, first: int, last: int) -> Sequence[StoredRow]:
        return await self._log.read_rows(first, last)

    async def decode(self, rows: Sequence[StoredRow], **_: Any) -> Sequence[Recorded]:
        self.waiting = not self.open.is_set()
        await self.open.wait()
        return await self._log.decode(rows)

    async def decode_envelope(self, row: StoredRow, *, aliases: bool = False):  # type: ignore[no-untyped-def]
        return await self._log.decode_envelope(row, aliases=aliases)


async def test_a_paused_projector_cannot_write_after_its_successor(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    gate = GatedLog(log)
    paused = Projector([sample()], gate, sessions, nats)
    run(paused.run())
    await answers(log)
    head = log.append(*some_events(50, 1))
    await until(lambda: checkpoint(log) == head)

    gate.open.clear()
    head = log.append(*some_events(50, 2))
    await until(lambda: gate.waiting)
    end_leaders(log)
    run(Projector([sample()], log, sessions, nats).run())
    await until(lambda: checkpoint(log) == head)
    successor_epoch = epoch(log)

    gate.open.set()
    await until(lambda: str(paused.report["state"]) in ("standing by", "running"))
    head = log.append(*some_events(50, 3))
    await until(lambda: checkpoint(log) == head)
    assert stored(log) == await as_replayed(log)
    assert epoch(log) >= successor_epoch


def epoch(log: SampleLog) -> int:
    return int(log.ask("SELECT epoch FROM ops.checkpoints")[0][0])


def end_leaders(log: SampleLog) -> None:
    """End the sessions that hold the view's lock, as the server does with one that is silent."""
    log.ask(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l"
        " WHERE l.locktype = 'advisory' AND l.database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(%s, 0)",
        f"taskledger:{view_lock('sample', 1)}",
    )


async def test_a_deleted_stream_heals(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    projector = Projector([sample()], log, sessions, nats)
    relay = Relay(log, sessions, nats, owner="test")
    wake = CommitWaker(nats, log.log_id())
    run(relay.run())
    run(projector.run())
    await answers(log)
    head = log.append(*some_events(300, 1))
    wake(head)
    await until(lambda: checkpoint(log) == head)
    await nats.jetstream().delete_stream(Subjects(log.log_id()).stream)
    head = log.append(*some_events(300, 2))
    wake(head)
    await until(lambda: checkpoint(log) == head, within_s=10)

    before = projector.report["events_from_log"]

    async def flows_again() -> bool:
        upto = log.append(*some_events(3, 3))
        wake(upto)
        await until(lambda: checkpoint(log) == upto)
        return projector.report["events_from_log"] == before

    for _ in range(100):
        before = projector.report["events_from_log"]
        if await flows_again():
            break
    assert projector.report["events_from_log"] == before
    assert stored(log) == await as_replayed(log)
    info: api.StreamInfo = await nats.jetstream().stream_info(Subjects(log.log_id()).stream)
    assert info.state.messages > 0


async def test_a_view_that_has_lost_a_table_is_built_anew(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    """Under another number: who still has the former one is not shown what is half built."""
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    head = log.append(*some_events(500, 1))
    await until(lambda: checkpoint(log) == head)
    log.do("DROP TABLE views.sample_tallies_v1_g1")
    head = log.append(*some_events(50, 2))
    await answers(log, generation=2)
    await until(lambda: checkpoint(log, 2) == head)
    assert stored(log, generation=2) == await as_replayed(log)
    assert log.ask("SELECT to_regclass('views.sample_totals_v1_g1')") == [(None,)]


async def test_two_versions_are_kept_side_by_side(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    old = run(Projector([sample(version=1)], log, sessions, nats).run())
    await answers(log)
    head = log.append(*some_events(3_000, 1))
    run(Projector([sample(version=2)], log, sessions, nats).run())
    await until(
        lambda: (
            log.ask("SELECT version, position FROM ops.checkpoints ORDER BY 1")
            == [(1, head), (2, head)]
        )
    )
    await until(
        lambda: log.ask("SELECT version FROM ops.projection_pointers ORDER BY 1") == [(1,), (2,)]
    )
    assert stored(log, version=2) == stored(log, version=1) == await as_replayed(log)
    old.cancel()


async def test_a_lost_connection_to_the_database_is_waited_out(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    run(Relay(log, sessions, nats, owner="test").run())
    await answers(log)
    for part in range(5):
        head = log.append(*some_events(400, part))
        log.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name ~ '^(projector|relay)'"
        )
        await until(lambda upto=head: checkpoint(log) == upto)
    assert stored(log) == await as_replayed(log)
    assert log.ask("SELECT * FROM ops.dead_letters") == []
