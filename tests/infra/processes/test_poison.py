"""An event that cannot be applied parks its stream alone, visibly, and is healed in order."""

import psycopg
import pytest

from infra.nats.connection import NatsConnection
from infra.postgres.pool import Connection
from infra.processes import healing
from infra.processes.dead_letters import parked_streams
from infra.processes.generations import Generation
from infra.processes.healing import Healed, Healing, StillBroken
from infra.processes.projector import Projector
from infra.processes.sessions import Sessions
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import (
    TYPES,
    Added,
    Broken,
    Faults,
    Garbled,
    Removed,
    Renamed,
    SampleLog,
    Unheard,
    Unwritable,
    decoded,
    replayed,
    sample,
    stored,
)
from tests.infra.processes.test_projector import answers, as_replayed, checkpoint, some_events

FIRST = Generation("sample", 1, 1)


def letters(log: SampleLog) -> list[tuple[object, ...]]:
    return log.ask("SELECT position, stream, error FROM ops.dead_letters ORDER BY position")


async def heal(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, workspace: str, *streams: str
) -> Healed:
    return await Healing(sample(), FIRST, workspace, streams, log).run(sessions, nats)


@pytest.mark.parametrize("poison", [Broken(5), Unwritable()])
async def test_only_the_poisoned_stream_is_parked_and_healing_makes_all_as_if_nothing_was(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run, poison: object
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    log.append(*some_events(60, 1))
    bad = log.append(("ws_a", "bad", Added(1)), ("ws_a", "bad", poison))
    head = log.append(
        ("ws_a", "bad", Added(10)),
        ("ws_a", "ws_a_1", Added(7)),
        ("ws_a", "other", Renamed("later")),
        ("ws_a", "late", Added(3)),
        *some_events(60, 2),
        ("ws_a", "bad", Removed()),
        ("ws_a", "bad", Added(4)),
    )
    await until(lambda: checkpoint(log) == head)
    assert [(position, stream) for position, stream, _ in letters(log)] == [
        (bad, "bad"),
        (bad + 1, "bad"),
        (head - 1, "bad"),
        (head, "bad"),
    ]
    errors = [error for _, _, error in letters(log)]
    assert errors[0]
    assert errors[1:] == [None] * 3
    lived = [decoded(row) for row in await log.read_rows(1, head)]
    assert stored(log) == replayed(
        one for one in lived if one.stream != "bad" or one.position < bad
    )

    with pytest.raises(StillBroken):
        await heal(log, sessions, nats, "ws_a", "bad")
    assert len(letters(log)) == 4

    Faults.broken = False
    healed = await heal(log, sessions, nats, "ws_a", "bad")
    assert healed.position == head
    assert letters(log) == []
    assert stored(log) == await as_replayed(log)

    head = log.append(("ws_a", "bad", Added(1)), *some_events(20, 3))
    await until(lambda: checkpoint(log) == head)
    assert stored(log) == await as_replayed(log)


async def test_one_of_two_parked_streams_is_healed_alone(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    head = log.append(
        ("ws_a", "one", Broken(1)),
        ("ws_a", "two", Broken(2)),
        *some_events(30, 1),
        ("ws_a", "one", Added(1)),
        ("ws_a", "two", Added(2)),
    )
    await until(lambda: checkpoint(log) == head)
    Faults.broken = False
    await heal(log, sessions, nats, "ws_a", "one")
    lived = [decoded(row) for row in await log.read_rows(1, head)]
    assert stored(log) == replayed(one for one in lived if one.stream != "two")
    await heal(log, sessions, nats, "ws_a", "two")
    assert stored(log) == await as_replayed(log)


@pytest.mark.parametrize("poison", [Garbled(), Unheard()])
async def test_what_cannot_be_read_or_is_not_known_parks_its_stream(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run, poison: object
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    log.append(*some_events(40, 1))
    bad = log.append(("ws_a", "garbled", Added(1)), ("ws_a", "garbled", poison))
    head = log.append(*some_events(40, 2), ("ws_a", "garbled", Added(1)))
    await until(lambda: checkpoint(log) == head)
    assert [(position, stream) for position, stream, _ in letters(log)] == [
        (bad, "garbled"),
        (head, "garbled"),
    ]
    with pytest.raises(StillBroken):
        await heal(log, sessions, nats, "ws_a", "garbled")


async def test_what_older_code_did_not_know_is_healed_by_the_code_that_does(
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    head = log.append(
        *some_events(40, 1),
        ("ws_a", "new", Unheard()),
        ("ws_a", "new", Added(2)),
        *some_events(9, 2),
    )
    await until(lambda: checkpoint(log) == head)
    assert len(letters(log)) == 2
    older.cancel()

    monkeypatch.setitem(TYPES, "Unheard", Removed)
    monkeypatch.setattr(healing, "is_known", lambda name: name == "Unheard")
    run(Projector([sample()], log, sessions, nats).run())
    await until(lambda: letters(log) == [])
    head = log.append(("ws_a", "new", Added(1)))
    await until(lambda: checkpoint(log) == head)
    assert stored(log) == await as_replayed(log)


@pytest.mark.parametrize(
    "outage",
    [
        psycopg.OperationalError("the connection is gone"),
        psycopg.errors.DiskFull("no space"),
        psycopg.errors.DeadlockDetected("deadlock"),
        psycopg.errors.UndefinedTable("not there yet"),
        ConnectionResetError(),
        MemoryError(),
    ],
)
async def test_what_an_outage_causes_is_never_poison(
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
    outage: Exception,
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    Faults.outage = outage
    head = log.append(*some_events(50, 1))
    await until(lambda: Faults.folded >= 3)
    assert letters(log) == []
    Faults.outage = None
    await until(lambda: checkpoint(log) == head)
    assert letters(log) == []
    assert stored(log) == await as_replayed(log)


async def test_dead_letters_are_listed_by_stream(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    run(Projector([sample()], log, sessions, nats).run())
    await answers(log)
    head = log.append(("ws_a", "one", Broken(1)), ("ws_a", "one", Added(1)), *some_events(5, 1))
    await until(lambda: checkpoint(log) == head)
    async with sessions.open("test") as session:
        found = await _parked(session)
    assert found == [("one", 1, 2, "Broken")]


async def _parked(session: Connection) -> list[tuple[str, int, int, str]]:
    return [
        (one.stream, one.first_position, one.events, one.type)
        for one in await parked_streams(session)
    ]
