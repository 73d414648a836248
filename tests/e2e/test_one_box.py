"""The served product as one box: what it leaves behind, however it ends."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infra.embedded.sockets import LOOPBACK
from tests.e2e.served import (
    API_WORKER,
    BACKGROUND,
    FORK_SERVER,
    NATS,
    POSTGRESQL,
    VALKEY,
    Served,
)
from tests.waiting import until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    served.start()
    yield served
    if served._process is not None:
        served.kill()


def everybody(box: Served) -> list[int]:
    """The supervisor's children and theirs."""
    assert box._process is not None
    found, parents = [], [box._process.pid]
    while parents:
        pids = []
        for file in Path(f"/proc/{parents.pop()}/task").glob("*/children"):
            with suppress(OSError):  # a thread or a process that has just ended
                pids += [int(pid) for pid in file.read_text().split()]
        found += pids
        parents += pids
    return found


def alive(pids: list[int]) -> list[int]:
    def state(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "gone"

    return [pid for pid in pids if state(pid) not in ("Z", "X", "gone")]


def test_the_first_start_says_where_everything_is_and_ctrl_c_ends_everybody(box: Served) -> None:
    docs = f"http://127.0.0.1:{box.port}/api/docs"
    until("said to be ready", 10, lambda: docs in box.printed)
    assert re.search(r"new master key is in \S+/master.key", box.printed)
    assert (box.data / "master.key").stat().st_mode & 0o077 == 0
    pids = everybody(box)
    ours, parts = {FORK_SERVER, API_WORKER, BACKGROUND}, {POSTGRESQL, NATS, VALKEY}
    assert set(box.children().values()) == ours | parts
    assert box.stop() == 0
    assert not alive(pids)
    log = (box.data / "logs/postgresql.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


def test_killed_it_leaves_nobody_and_starts_again(box: Served) -> None:
    pids = everybody(box)
    box.kill()
    until("everybody is gone", 10, lambda: not alive(pids))
    box.start()
    _check_a_second_ctrl_c_does_not_wait(box)


def _check_a_second_ctrl_c_does_not_wait(box: Served) -> None:
    pids = everybody(box)
    (background,) = box.pids(BACKGROUND)
    os.kill(background, signal.SIGSTOP)  # it will not hear that it should stop
    assert box._process is not None
    box._process.send_signal(signal.SIGINT)
    until("told of the stop", 10, lambda: "once more to force" in box.printed)
    assert box.stop() == 0
    assert not alive(pids)


def test_a_port_that_somebody_has_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        served = Served(tmp_path, port=taken.getsockname()[1])
        done = served.run("serve", "--embedded")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Address already in use" in done.stderr
    assert "TASKLEDGER_PORT" in done.stderr
