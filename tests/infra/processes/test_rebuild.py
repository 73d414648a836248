"""Rebuilding a view: what answers is never harmed, and what comes out is what the log says."""

import asyncio
import sys

import pytest

from infra.nats.connection import NatsConnection
from infra.nats.wake import CommitWaker
from infra.processes.build import BuildRunning
from infra.processes.build_progress import Progress
from infra.processes.projector import Projector
from infra.processes.rebuild import Difference, Rebuild, Stage
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from tests.infra.processes import rebuilding
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.rebuilding import SMALL
from tests.infra.processes.sample import (
    Broken,
    Faults,
    SampleLog,
    sample,
    stored,
)
from tests.infra.processes.test_projector import (
    GatedLog,
    answers,
    as_replayed,
    checkpoint,
    some_events,
)
from tests.real import Database


def generations_of(log: SampleLog) -> list[tuple[object, ...]]:
    return log.ask("SELECT generation, state FROM ops.projection_generations ORDER BY 1")


def building(log: SampleLog) -> list[tuple[object, ...]]:
    """The sessions of builds."""
    return log.ask(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name ~ '^(build|rebuild)'"
    )


async def rebuild_killed_at(
    position: int, log: SampleLog, sessions: Sessions, nats: NatsConnection | None = None
) -> None:
    def kill(progress: Progress) -> None:
        if progress.position >= position:
            work.cancel()

    rebuild = Rebuild(sample(), log, sessions, nats, limits=SMALL, on_progress=kill)
    work = asyncio.ensure_future(rebuild.run())
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_the_new_generation_joins_is_compared_and_answers(
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wake = CommitWaker(nats, log.log_id())
    run(Relay(log, sessions, nats, owner="test").run())
    projector = Projector([sample()], log, sessions, nats)
    run(projector.run())
    await answers(log)
    wake(log.append(*some_events(3_000, 1)))
    await until(lambda: checkpoint(log) == 3_000)

    async def write_on() -> None:
        for part in range(10_000):
            wake(log.append(*some_events(5, part)))
            await asyncio.sleep(0.01)

    writing = run(write_on())
    stages: list[Stage] = []
    rebuild = Rebuild(sample(), log, sessions, nats, limits=SMALL, on_stage=stages.append)
    outcome = await rebuild.run(compare=True)
    assert stages == [Stage.BUILDING, Stage.JOINING, Stage.COMPARING, Stage.SWITCHED]
    assert outcome.projector
    assert not outcome.resumed
    assert outcome.comparison is not None
    assert outcome.comparison.count == 0
    assert outcome.comparison.position >= 3_000
    await answers(log, generation=2)
    await until(lambda: generations_of(log) == [(2, "live")], what="the old one's end")
    writing.cancel()
    await until(lambda: checkpoint(log, 2) == log.head())
    assert stored(log, generation=2) == await as_replayed(log)
    assert projector.report["fenced"] == 0
    assert "projector_starts_over" not in caplog.text
    (forced,) = log.ask(
        "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE oid = ANY"
        " (SELECT r::regclass FROM ops.projection_generations, unnest(relations) AS r)"
    )
    assert forced == (True,)
    head = log.append(*some_events(50, 2))
    wake(head)
    await until(lambda: checkpoint(log, 2) == head)
    assert stored(log, generation=2) == await as_replayed(log)


async def test_rows_that_differ_are_named(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    head = log.append(*some_events(500, 1))
    await until(lambda: checkpoint(log) == head)
    streams = [key[0] for key in stored(log)["tallies"]]
    changed, lost = sorted(streams)[:2]
    log.do("UPDATE views.sample_tallies_v1_g1 SET total = total + 1 WHERE stream = %s", changed)
    log.do("DELETE FROM views.sample_tallies_v1_g1 WHERE stream = %s", lost)
    log.do("INSERT INTO views.sample_totals_v1_g1 VALUES ('ws_zzz', 1, '', 1)")
    outcome = await Rebuild(sample(), log, sessions, nats).run(compare=True)
    assert outcome.comparison is not None
    assert outcome.comparison.count == 3
    assert outcome.comparison.differences == [
        Difference("tallies", (changed,), "changed"),
        Difference("tallies", (lost,), "only in the new one"),
        Difference("totals", ("ws_zzz",), "only in the old one"),
    ]
    assert stored(log, generation=2) == await as_replayed(log)


async def test_it_works_without_a_projector_and_says_so(log: SampleLog, sessions: Sessions) -> None:
    log.append(*some_events(1_000, 1))
    first = await Rebuild(sample(), log, sessions, limits=SMALL).run(compare=True)
    assert not first.projector
    assert first.comparison is None
    assert stored(log) == await as_replayed(log)
    log.append(*some_events(100, 2))
    second = await Rebuild(sample(), log, sessions, limits=SMALL).run(compare=True)
    assert second.comparison is not None
    assert (second.comparison.count, second.comparison.position) == (0, 1_100)
    assert stored(log, generation=2) == await as_replayed(log)


async def test_killed_at_any_point_it_goes_on_and_nothing_is_harmed(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    head = log.append(*some_events(4_000, 1))
    await until(lambda: checkpoint(log) == head)
    lived = stored(log)
    for killed_at in (10, 900, 2_500):
        await rebuild_killed_at(killed_at, log, sessions, nats)
        assert stored(log) == lived
        await answers(log)
    reached = checkpoint(log, 2)
    assert reached >= 1_500
    begun: list[int] = []
    rebuild = Rebuild(
        sample(), log, sessions, nats, limits=SMALL, on_progress=lambda p: begun.append(p.position)
    )
    outcome = await rebuild.run(compare=True)
    assert outcome.resumed
    assert begun[0] >= reached
    assert outcome.comparison is not None
    assert outcome.comparison.count == 0
    assert stored(log, generation=2) == await as_replayed(log)


async def test_a_process_killed_with_9_is_gone_on_from(
    database: Database, log: SampleLog, sessions: Sessions
) -> None:
    log.append(*some_events(4_000, 1))
    program = (sys.executable, "-m", rebuilding.__name__, database.worker_url)
    reached = 0
    for kill_at in (1_000, 2_500):
        process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        while reached < kill_at:
            reached = int(await process.stdout.readline())
        process.kill()
        await process.wait()
        await until(lambda: not building(log), what="what it sent last, done")
    at_kill = checkpoint(log)
    assert at_kill >= 1_500
    begun: list[int] = []
    outcome = await Rebuild(
        sample(), log, sessions, limits=SMALL, on_progress=lambda p: begun.append(p.position)
    ).run()
    assert outcome.resumed
    assert begun[0] == at_kill
    assert stored(log) == await as_replayed(log)


async def test_what_other_code_left_unfinished_is_not_gone_on_with(
    log: SampleLog, sessions: Sessions
) -> None:
    log.append(*some_events(1_000, 1))

    await rebuild_killed_at(500, log, sessions)
    log.do("UPDATE ops.projection_generations SET fingerprint = 'other code'")
    log.do("UPDATE views.sample_totals_v1_g1 SET total = 0")
    outcome = await Rebuild(sample(), log, sessions, limits=SMALL).run()
    assert not outcome.resumed
    assert stored(log, generation=outcome.generation.number) == await as_replayed(log)


async def test_two_rebuilds_of_one_view_refuse_each_other(
    log: SampleLog, sessions: Sessions
) -> None:
    log.append(*some_events(500, 1))
    gate = GatedLog(log)
    gate.open.clear()
    running = asyncio.create_task(Rebuild(sample(), gate, sessions, limits=SMALL).run())
    await until(lambda: gate.waiting)
    with pytest.raises(BuildRunning):
        await Rebuild(sample(), log, sessions).run()
    gate.open.set()
    await running


async def test_the_pointer_never_moves_to_a_lower_position(
    log: SampleLog, sessions: Sessions
) -> None:
    from infra.processes import generations

    log.append(*some_events(200, 1))
    await Rebuild(sample(), log, sessions).run()
    async with sessions.open("test") as session:
        behind = await generations.create(session, sample(), log.log_id())
        assert not await generations.point(session, behind)
    assert log.ask("SELECT generation FROM ops.projection_pointers") == [(1,)]


async def test_poison_met_by_a_rebuild_parks_its_stream_there_too(
    log: SampleLog, sessions: Sessions
) -> None:
    log.append(*some_events(400, 1), ("ws_a", "bad", Broken(1)), *some_events(400, 2))
    await Rebuild(sample(), log, sessions, limits=SMALL).run()
    assert log.ask("SELECT position, stream FROM ops.dead_letters") == [(401, "bad")]
    Faults.broken = False
    outcome = await Rebuild(sample(), log, sessions, limits=SMALL).run()
    assert stored(log, generation=outcome.generation.number) == await as_replayed(log)
