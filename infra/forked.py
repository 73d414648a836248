"""The fork server as a child of ours, and the processes that it makes."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Final

from infra.child import Process, Program
from infra.embedded.account import ourselves
from infra.embedded.errors import PartFailed
from infra.fork_server import FORK, IMPORTED, NUMBER_BYTES, Orders

_NEEDED_BY_ALL: Final = ("infra.logs", "infra.processes.workplace")
_LOOK_EVERY_S: Final = 0.1
_ANSWER_WITHIN_S: Final = 5.0
_END_TOLD_WITHIN_S: Final = 5.0
_TOOK_ALL_ALONG: Final = -signal.SIGKILL


class ForkServer(Program):
    """Makes processes that have imported what they need, by one that imports it for all."""

    name = "fork server"

    def __init__(self, first: Sequence[str] = ()) -> None:
        """`first` are modules to import from its start on, before it is known what else."""
        super().__init__(ourselves())
        self._first = first
        self._modules: Sequence[str] = ()
        self._control: socket.socket | None = None
        self._its_end = -1
        self._ready = threading.Event()

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator["ForkServer"]:
        """One that imports already what all roles need; it is gone at the end of the block."""
        server = cls(_NEEDED_BY_ALL)
        server.spawn()
        try:
            yield server
        finally:
            server.kill()

    def command(self) -> list[str]:
        return [sys.executable, "-m", "infra.fork_server", str(self._its_end), *self._first]

    def environment(self) -> None:
        """Ours, which it gives to nobody: orders bring a process its own."""

    def inherited(self) -> tuple[int, ...]:
        return (self._its_end,)

    def launch(self, output: int | None) -> Process:
        self._forget()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        with theirs:
            self._its_end = theirs.fileno()
            process = super().launch(output)
        if self._modules:
            self._wish_for_modules()
        return process

    def load(self, modules: Sequence[str]) -> None:
        """Name what else its processes need; it is ready when that is imported."""
        self._modules = modules
        if self.is_running:
            self._wish_for_modules()

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            if self._control is not None and self._control.recv(len(IMPORTED)) == IMPORTED:
                self._ready.set()
        return self._ready.is_set()

    def await_ready(self) -> None:
        """Block until it can fork. Raises PartFailed where it does not run."""
        while not self._ready.wait(_LOOK_EVERY_S):
            if not self.is_running:
                raise PartFailed(f"The {self.name} does not run.")

    def stop(self, timeout_seconds: float = 10) -> None:
        super().stop(timeout_seconds)
        self._forget()

    def fork(self, orders: Orders, outputs: tuple[int, int], further: Sequence[int]) -> "Forked":
        """A new process with these outputs; `further` are the descriptors that the orders name.

        Returns as soon as it is there. Raises PartFailed, also while the server still imports: it
        may be another one than the one that was waited for.
        """
        if self._control is None or not self._ready.is_set():
            raise PartFailed(f"The {self.name} is not ready.")
        ours, theirs = socket.socketpair()
        ours.settimeout(_ANSWER_WITHIN_S)
        try:
            with theirs:
                given = [theirs.fileno(), *outputs, *further]
                socket.send_fds(self._control, [FORK], given)
            told, descriptors, _, _ = socket.recv_fds(ours, NUMBER_BYTES, 1)
            (process,) = descriptors
            forked = Forked(ours, _number(told), process)
            ours.sendall(orders.encode())
            ours.shutdown(socket.SHUT_WR)
        except (OSError, ValueError) as error:
            ours.close()
            raise PartFailed(f"The {self.name} made no process: {error}.") from error
        return forked

    def _wish_for_modules(self) -> None:
        assert self._control is not None
        with contextlib.suppress(OSError):  # it has ended already, which is seen soon enough
            self._control.sendall(" ".join(self._modules).encode())

    def _forget(self) -> None:
        self._ready.clear()
        if self._control is not None:
            self._control.close()
            self._control = None


class Forked:
    """One process that was forked for us, held as `subprocess.Popen` holds its own."""

    def __init__(self, connection: socket.socket, pid: int, process: int) -> None:
        """`process` is a descriptor of it; over the connection comes its exit code."""
        self.pid = pid
        self._connection = connection
        self._process = process
        self._code: int | None = None
        self._collecting = threading.Lock()
        weakref.finalize(self, os.close, process)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._collected() if self._ended_within(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired after `timeout` seconds."""
        if not self._ended_within(timeout):
            assert timeout is not None
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return self._collected()

    def send_signal(self, sig: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, sig)

    def _ended_within(self, seconds: float | None) -> bool:
        end = select.poll()
        end.register(self._process, select.POLLIN)
        return bool(end.poll(None if seconds is None else seconds * 1000))

    def _collected(self) -> int:
        """Of one that has ended."""
        with self._collecting:
            if self._code is None:
                self._connection.settimeout(_END_TOLD_WITHIN_S)
                try:
                    told = self._connection.recv(NUMBER_BYTES)
                except OSError:
                    told = b""
                self._connection.close()
                self._code = _number(told) if told else _TOOK_ALL_ALONG
        return self._code


def _number(told: bytes) -> int:
    return int.from_bytes(told, "big", signed=True)
