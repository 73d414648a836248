"""Old code beside new: each answers from its own version, and what both write stays right."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from infra.nats.connection import NatsConnection
from infra.processes import former, healing
from infra.processes.projector import Projector
from infra.processes.sessions import Sessions
from tests.infra.processes import older
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import (
    TYPES,
    Added,
    Removed,
    SampleLog,
    Unheard,
    decoded,
    replayed,
    sample,
    stored,
)
from tests.infra.processes.test_projector import as_replayed, some_events
from tests.real import Database, Parts

ALL = [("sample", 1), ("sample", 2), ("steady", 1)]


def answering(log: SampleLog) -> list[tuple[str, int]]:
    return log.ask("SELECT name, version FROM ops.projection_pointers ORDER BY 1, 2")


def positions(log: SampleLog) -> dict[tuple[str, int], int]:
    rows = log.ask("SELECT name, version, position FROM ops.checkpoints")
    return {(name, version): position for name, version, position in rows}


def tables(log: SampleLog, like: str) -> list[str]:
    rows = log.ask("SELECT tablename FROM pg_tables WHERE tablename LIKE %s", like)
    return [name for (name,) in rows]


def parked(log: SampleLog) -> list[tuple[str, int, str]]:
    return log.ask("SELECT DISTINCT name, version, stream FROM ops.dead_letters ORDER BY 1, 2")


@pytest.fixture
async def old_code(database: Database, parts: Parts) -> AsyncIterator[asyncio.subprocess.Process]:
    program = (sys.executable, "-m", older.__name__, database.worker_url, parts.nats_url)
    process = await asyncio.create_subprocess_exec(*program)
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_old_and_new_code_side_by_side_until_the_old_is_gone(
    log: SampleLog,
    sessions: Sessions,
    nats: NatsConnection,
    run: Run,
    old_code: asyncio.subprocess.Process,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One process a release. The newer one has another version of `sample`, the same one of
    `steady`, which the older one leads, and an event of which that has never heard."""
    head = log.append(*some_events(1_000, 1))
    await until(lambda: answering(log) == [("sample", 1), ("steady", 1)])
    await until(lambda: set(positions(log).values()) == {head})

    monkeypatch.setitem(TYPES, "Unheard", Removed)
    monkeypatch.setattr(healing, "is_known", lambda name: name == "Unheard")
    run(Projector([sample(version=2), sample("steady")], log, sessions, nats).run())
    head = log.append(*some_events(300, 2), ("ws_a", "ws_a_3", Added(4)))
    unheard = log.append(("ws_a", "ws_a_3", Unheard()), ("ws_a", "ws_a_3", Added(2)))
    head = log.append(*some_events(300, 3))
    await until(lambda: answering(log) == ALL)
    await until(lambda: positions(log) == dict.fromkeys(ALL, head))

    # Each answers from its own; what the older code cannot read stands apart, and says so.
    everything = await as_replayed(log)
    assert stored(log, version=2) == everything
    assert parked(log) == [("sample", 1, "ws_a_3"), ("steady", 1, "ws_a_3")]
    lived = [decoded(row) for row in await log.read_rows(1, head)]
    without = replayed(
        each for each in lived if each.stream != "ws_a_3" or each.position < unheard - 1
    )
    assert stored(log, version=1) == stored(log, name="steady") == without

    # The upgrade is over: what both had falls to the new code, which heals it unasked.
    old_code.kill()
    await old_code.wait()
    head = log.append(*some_events(300, 4))
    await until(lambda: positions(log)["steady", 1] == positions(log)["sample", 2] == head)
    await until(lambda: parked(log) == [("sample", 1, "ws_a_3")])
    everything = await as_replayed(log)
    assert stored(log, version=2) == stored(log, name="steady") == everything

    # What only the old code had goes when nobody has written it for long enough.
    monkeypatch.setattr(former, "KEEP_S", 0.0)
    await until(lambda: answering(log) == ALL[1:])
    await until(lambda: not tables(log, "sample%v1%"))  # after it has answered for the last time
    assert stored(log, version=2) == everything
