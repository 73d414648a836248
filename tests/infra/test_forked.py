"""Forked processes are held as those that were started alone, and none outlives its server."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import infra.forked
from infra.embedded.errors import PartFailed
from infra.fork_server import Orders
from infra.forked import Forked, ForkServer
from tests.e2e.served import processes
from tests.waiting import until

ROLE = "tests.infra.forked_role"


class Forks(ForkServer):
    """Its forks write into a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.load([ROLE])
        self.printed = folder / "printed"

    def start(self) -> None:
        self.spawn()
        until("the fork server is ready", 60, self.is_ready)

    def one(
        self, *arguments: str, further: Sequence[int] = (), **environment: str
    ) -> tuple[Forked, dict[str, Any]]:
        """A new process, once it runs, and what it says it was given."""
        names = ["GIVEN_FD"] if further else []
        orders = Orders("tl-test", ROLE, arguments, environment, names)
        with self.printed.open("wb") as output:
            forked = self.fork(orders, (output.fileno(), output.fileno()), further)
        return forked, json.loads(until("it has spoken", 60, self._first_line))

    def _first_line(self) -> bytes:
        """Once all of it is there."""
        line, end, _ = self.printed.read_bytes().partition(b"\n")
        return line if end else b""


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    server = Forks(tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_fork_has_what_it_was_given_and_nothing_else(forks: Forks) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        forked, said = forks.one("exit", "0", further=[theirs.fileno()], ONLY="this")
        theirs.close()
        assert ours.recv(16) == b"heard"
        assert forked.wait(10) == 0
        assert ours.recv(1) == b""  # nobody else holds its other end
    assert said["arguments"] == [ROLE, "exit", "0"]
    assert said["environment"].keys() == {"ONLY", "GIVEN_FD"}
    assert not said["imported_here"]
    assert said["shown_as"] == "tl-test"
    assert said["session"]


def test_what_forks_draw_at_random_differs(forks: Forks) -> None:
    drawn = set()
    for _ in range(3):
        forked, said = forks.one("exit", "0")
        drawn.add(said["tail"])
        forked.wait(10)
    assert len(drawn) == 3


def test_how_a_fork_ended_is_told(forks: Forks) -> None:
    left, _ = forks.one("exit", "7")
    assert left.wait(10) == 7
    assert left.poll() == 7
    waits, _ = forks.one("wait")
    assert waits.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        waits.wait(0.01)
    waits.send_signal(signal.SIGTERM)
    assert waits.wait(10) == -signal.SIGTERM
    waits.send_signal(signal.SIGTERM)  # to nobody: its number may be another's by now
    failed, _ = forks.one("?")
    assert failed.wait(10) == 1
    assert "ValueError" in forks.printed.read_text()


def test_all_forks_go_with_their_server_and_another_one_serves(forks: Forks) -> None:
    first, _ = forks.one("wait")
    second, _ = forks.one("wait")
    forks.kill()
    assert first.wait(10) == second.wait(10) == -signal.SIGKILL
    with pytest.raises(PartFailed, match="made no process"):
        forks.one("wait")
    with pytest.raises(PartFailed, match="does not run"):
        Forks(forks.printed.parent).await_ready()
    forks.start()
    forks.await_ready()
    again, said = forks.one("wait")
    assert said["arguments"] == [ROLE, "wait"]
    forks.stop()
    assert again.wait(10) == -signal.SIGKILL


def test_what_was_given_up_does_not_run_later(
    forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    forks.signal(signal.SIGSTOP)
    with monkeypatch.context() as hurried:
        hurried.setattr(infra.forked, "_ANSWER_WITHIN_S", 0.05)
        with pytest.raises(PartFailed, match="timed out"):
            forks.one("wait", GIVEN_UP="yes")
    forks.signal(signal.SIGCONT)
    forked, _ = forks.one("wait")  # behind the other one: wishes are met in their order
    until("the other one is gone", 10, lambda: _children(forks.pid) == [forked.pid])
    assert not forks.printed.read_text().partition("\n")[2]
    forks.stop()
    assert forked.wait(10) == -signal.SIGKILL


def test_one_that_still_imports_is_not_asked(tmp_path: Path) -> None:
    forks = Forks(tmp_path)
    forks.spawn()
    try:
        with pytest.raises(PartFailed, match="not ready"):
            forks.one("wait")
    finally:
        forks.stop()


def test_a_server_that_nobody_asks_any_more_ends(forks: Forks) -> None:
    forks._forget()
    assert forks.wait() == 0


def _children(server: int | None) -> list[int]:
    return [pid for pid, parent, _ in processes() if parent == server]
