"""kill -9 of each part while people write and read."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
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
from tests.faults.truth import check_all_is_true
from tests.waiting import until

T = TypeVar("T")

_ENOUGH = 60  # acknowledged writes before and after each blow

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(600)]


@pytest.mark.parametrize("part", [API_WORKER, BACKGROUND, FORK_SERVER, NATS, POSTGRESQL, VALKEY])
def test_a_killed_part_loses_and_doubles_nothing(
    part: str, served: Served, person: Person, rounds: int
) -> None:
    project = person.project("KILL")
    with Load(person, project["id"]) as load:
        for _ in range(rounds):
            load.acknowledges(_ENOUGH)
            served.kill_one(part)
            load.acknowledges(_ENOUGH)
    check_all_is_true(served, person, load)


def test_everything_killed_at_once_comes_back(served: Served, person: Person) -> None:
    project = person.project("ALL")
    with Load(person, project["id"]) as load:
        load.acknowledges(_ENOUGH)
        before = served.children()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(
            "every child started again",
            30,
            lambda: (
                sorted((now := served.children()).values()) == sorted(before.values())
                and not now.keys() & before.keys()
            ),
        )
        load.acknowledges(_ENOUGH)
    check_all_is_true(served, person, load)


def test_a_deleted_jetstream_folder_is_healed_within_ten_seconds(
    served: Served, person: Person, rounds: int
) -> None:
    project = person.project("GONE")
    folder = served.data / "nats" / "jetstream"
    assert any(folder.rglob("*.blk"))
    with Load(person, project["id"]) as load:
        for restarted in [False, True] * rounds:
            load.acknowledges(_ENOUGH)
            _remove(folder)
            began = time.monotonic()
            if restarted:
                served.kill_one(NATS)
            else:
                # It goes on with the files that it has open, until it needs another one.
                with contextlib.suppress(nats.errors.Error):
                    _in_jetstream(served, lambda subjects, js: js.purge_stream(subjects.stream))
            load.acknowledges(1)
            _await_carried(served, load.last_position)
            assert time.monotonic() - began < 10
            load.acknowledges(_ENOUGH)
    check_all_is_true(served, person, load)


def _await_carried(served: Served, position: int) -> None:
    """The views have it, and not only because the log fills in what the stream has lost."""
    served.await_views(position, within_s=10)
    until("JetStream carries it", 10, lambda: _last_published(served) >= position)


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
