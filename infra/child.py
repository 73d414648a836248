"""A process of ours: started, watched and stopped, and never left behind."""

import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from infra.embedded.account import Account, child_setup
from infra.embedded.errors import PartFailed
from infra.log_file import LogFile


class Child(ABC):
    """One program, run again and again under one name.

    `spawn` must be called from a thread that lives as long as the child should: the kernel ends
    it with the thread that made it, however that ended.
    """

    name: str
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    working_folder: Path | None = None

    def __init__(self, account: Account, log: LogFile | None = None) -> None:
        """With a `log` all that it prints goes there, else to where we print ourselves."""
        self.log = log
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; no secret among them."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """All that it finds in its environment."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its place ready, whatever an earlier run left there. May take seconds."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask it whether it serves; answers within seconds, whatever state it is in."""

    @abstractmethod
    def after_start(self) -> None:
        """Set up what it needs once it serves."""

    @abstractmethod
    def failure(self) -> PartFailed:
        """Why it ended, in one line."""

    def inherited(self) -> tuple[int, ...]:
        """File descriptors that it gets from us."""
        return ()

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
        """Start the program and return at once. Raises PartFailed."""
        try:
            process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.log else None,
                stderr=subprocess.STDOUT if self.log else None,
                env=dict(self.environment()),
                cwd=self.working_folder,
                pass_fds=self.inherited(),
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop all in order
                preexec_fn=child_setup(self._account, self.death_signal),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PartFailed(f"{self.name} cannot be started: {error}.") from error
        self._process = process
        if self.log is not None and process.stdout is not None:
            self.log.follow(process.stdout)

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


def bare_environment() -> dict[str, str]:
    """For a program that is to know nothing of who started it."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
