"""kill -9 of each part while people write and read."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import nats
import pytest
from nats.js import JetStreamContext

from infra.nats.subjects import Subjects
from infra.nats.wire import decode_batch
from tests.e2e.person import Person
from tests.e2e.served import (
    API_WORKER,
    BACKGROUND,
    FORK_SERVER,
    NATS,
    POSTGRESQL,
    VALKEY,
    Served,
)
from tests.faults.load import Load
from tests.faults.truth import assert_healed, assert_views_equal_a_replay
from tests.waiting import stays_within, until

T = TypeVar("T")

_ENOUGH = 60  # acknowledged writes before and after each blow

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(600)]


_PARTS = (API_WORKER, BACKGROUND, FORK_SERVER, NATS, POSTGRESQL, VALKEY)


@pytest.fixture(scope="module", autouse=True)
def replay_in_the_end(served: Served) -> Iterator[None]:
    yield
    served.await_ready()
    assert_views_equal_a_replay(served)


@pytest.mark.parametrize("part", _PARTS)
def test_a_killed_part_loses_and_doubles_nothing(
    part: str, served: Served, person: Person, rounds: int
) -> None:
    project = person.project("KILL")
    with Load(person, project["id"]) as load:
        for _ in range(rounds):
            load.acknowledges(_ENOUGH)
            served.kill_one(part)
            load.acknowledges(_ENOUGH)
    assert_healed(served, person, load)


def test_everything_killed_at_once_comes_back(served: Served, person: Person) -> None:
    project = person.project("ALL")
    with Load(person, project["id"]) as load:
        load.acknowledges(_ENOUGH)
        before = until("everybody runs", 30, lambda: _complete(served), served.told)
        for pid in before:
            with contextlib.suppress(ProcessLookupError):  # gone with its parent, and collected
                os.kill(pid, signal.SIGKILL)
        until(
            "every child started again",
            30,
            lambda: (now := _complete(served)) and not now.keys() & before.keys(),
            lambda: f"{before} before; {served.told()}",
        )
        load.acknowledges(_ENOUGH)
    assert_healed(served, person, load)


def _complete(served: Served) -> dict[int, str]:
    """Every child, where each of them is there; else nothing."""
    found = served.children()
    whole = Counter({part: served.count(part) for part in _PARTS})
    return found if Counter(found.values()) == whole else {}


def test_a_deleted_jetstream_folder_is_healed_within_ten_seconds(
    served: Served, person: Person, rounds: int
) -> None:
    project = person.project("GONE")
    assert any((served.data / "nats" / "jetstream").rglob("*.blk"))
    with Load(person, project["id"]) as load:
        for restarted in [False, True] * rounds:
            stays_within(10, partial(_healed, served, load, restarted))
            load.acknowledges(_ENOUGH)
    assert_healed(served, person, load)


def _healed(served: Served, load: Load, restarted: bool) -> float:
    """How many seconds it took."""
    load.acknowledges(_ENOUGH)
    _remove(served.data / "nats" / "jetstream")
    began = time.monotonic()
    if restarted:
        served.kill_one(NATS)
    else:
        # It goes on with the files that it has open, until it needs another one.
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
            _in_jetstream(served, lambda subjects, js: js.purge_stream(subjects.stream))
    load.acknowledges(1)
    _await_carried(served, load.last_position)
    return time.monotonic() - began


def _await_carried(served: Served, position: int) -> None:
    """The views have it, and not only because the log fills in what the stream has lost."""
    served.await_views(position)
    until("JetStream carries it", 30, lambda: _last_published(served) >= position)


def _last_published(served: Served) -> int:
    """The position that the stream holds last, 0 where it holds none."""

    async def ask(subjects: Subjects, js: JetStreamContext) -> int:
        message = await js.get_last_msg(subjects.stream, subjects.log)
        return decode_batch(message.data or b"").last

    try:
        return _in_jetstream(served, ask)
    except (nats.errors.Error, OSError, TimeoutError):
        return 0


def _in_jetstream(served: Served, work: Callable[[Subjects, JetStreamContext], Awaitable[T]]) -> T:
    """What `work` gives, by a connection of its own."""
    urls = json.loads((served.data / "urls.json").read_text())
    subjects = Subjects(served.status()["log_id"])

    async def connected() -> T:
        client = await nats.connect(
            urls["TASKLEDGER_NATS_URL"], connect_timeout=2, allow_reconnect=False
        )
        try:
            return await work(subjects, client.jetstream(timeout=2))
        finally:
            await client.close()

    return asyncio.run(connected())


def _remove(folder: Path) -> None:
    """Whatever is being written in it meanwhile."""
    while folder.exists():
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
