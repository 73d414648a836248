"""A process of ours: started, watched and stopped, and never left behind."""

import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from infra.embedded.account import Account, child_setup
from infra.embedded.errors import PartFailed
from infra.log_file import LogFile


class Process(Protocol):
    """One run of a child, held as `subprocess.Popen` holds it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired after `timeout` seconds."""

    def send_signal(self, sig: int) -> None: ...


class Child(ABC):
    """Something that runs again and again under one name.

    `spawn` must be called from a thread that lives as long as the child should: the kernel ends
    it with the thread that made it, however that ended.
    """

    name: str
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL

    def __init__(self, log: LogFile | None = None) -> None:
        """With a `log` all that it prints goes there, else to where we print ourselves."""
        self.log = log
        self._process: Process | None = None

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask it whether it serves; answers within seconds, whatever state it is in."""

    @abstractmethod
    def launch(self, output: int | None) -> Process:
        """Start it and return at once; what it prints goes to the descriptor `output`, where
        there is one. Raises PartFailed."""

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Make its place ready, whatever an earlier run left there. May take seconds."""

    def after_start(self) -> None:  # noqa: B027 - most have nothing to do
        """Set up what it needs once it serves."""

    def failure(self) -> PartFailed:
        """Why it ended, in one line."""
        if self.log is not None:
            self.log.finish()
        return PartFailed(f"The {self.name} ended by itself (exit code {self.exit_code}).")

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self) -> None:
        """Start it and return at once. Raises PartFailed."""
        if self.log is None:
            self._process = self.launch(None)
            return
        read_end, write_end = os.pipe()
        try:
            self._process = self.launch(write_end)
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        self.log.follow(os.fdopen(read_end, "rb", buffering=0))

    def wait(self) -> int | None:
        """Block until it has ended; its exit code, negative for a signal."""
        return self._process.wait() if self._process else None

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, timeout_seconds: float = 10) -> None:
        """End it in order, or at once when `timeout_seconds` have passed."""
        if self._process is None:
            return
        self.signal(self.stop_signal)
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.log is not None:
            self.log.finish()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL), and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()
        if self.log is not None:
            self.log.finish()


class Program(Child):
    """A child that is a program with arguments."""

    working_folder: Path | None = None

    def __init__(self, account: Account, log: LogFile | None = None) -> None:
        super().__init__(log)
        self._account = account

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; no secret among them."""

    @abstractmethod
    def environment(self) -> Mapping[str, str] | None:
        """All that it finds in its environment; None for the same as we do."""

    def inherited(self) -> tuple[int, ...]:
        """File descriptors that it gets from us."""
        return ()

    def launch(self, output: int | None) -> Process:
        environment = self.environment()
        try:
            return subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if environment is None else dict(environment),
                cwd=self.working_folder,
                pass_fds=self.inherited(),
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop all in order
                preexec_fn=child_setup(self._account, self.death_signal),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PartFailed(f"{self.name} cannot be started: {error}.") from error


def bare_environment() -> dict[str, str]:
    """For a program that is to know nothing of who started it."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
