"""One embedded server: prepared, started, watched, stopped as a child of this process."""

import logging
import os
import re
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from infra.embedded.account import Account, child_setup
from infra.embedded.errors import PartFailed

_LOG_BYTES = 8 * 1024 * 1024
_LOG_FILES_KEPT = 2
_POLL_SECONDS = 0.01
_LAST_LINES = 20
_LOADER = re.compile(r"error while loading shared libraries: ([^:\s]+)")


class Part(ABC):
    """A server of one kind over one folder that only its account may enter.

    `spawn` must be called from a thread that lives as long as the part should: the kernel ends
    the child with the thread that made it.
    """

    name: str
    setting: str
    stop_signal: signal.Signals
    death_signal: signal.Signals

    def __init__(self, folder: Path, logs: Path, account: Account, port: int) -> None:
        self.folder = folder
        self.port = port
        self._logs = logs
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._pump: threading.Thread | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it, password included."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the folder ready, whatever an earlier run left in it. May take seconds."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments; no secret among them."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask the server itself whether it serves; at most a second."""

    def after_start(self) -> None:  # noqa: B027
        """What a part has to set up in the running server; does nothing unless overridden."""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_seconds: float = 60) -> None:
        """Prepare, spawn and wait until it serves. Raises PartFailed with the reason."""
        self.prepare()
        self.spawn()
        self.wait_ready(timeout_seconds)
        self.after_start()

    def spawn(self) -> None:
        """Start the program and return at once."""
        self._last_lines.clear()
        try:
            process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,  # Ctrl-C reaches us, and we stop it in order
                preexec_fn=child_setup(self._account, self.death_signal),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PartFailed(f"{self.name} cannot be started: {error}.") from error
        self._process = process
        assert process.stdout is not None
        self._pump = threading.Thread(
            target=self._keep_log, args=(process.stdout,), name=f"{self.name} log", daemon=True
        )
        self._pump.start()

    def wait_ready(self, timeout_seconds: float = 60) -> None:
        """Return as soon as it serves. Raises PartFailed if it dies first or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready():
            if not self.is_running:
                raise self.failure()
            if time.monotonic() > deadline:
                raise PartFailed(
                    f"{self.name} did not become ready within {timeout_seconds:.0f} s; "
                    f"its log is {self.log_file}."
                )
            time.sleep(_POLL_SECONDS)

    def stop(self, timeout_seconds: float = 10) -> None:
        """End it in order; after `timeout_seconds` at once."""
        process = self._process
        if process is None:
            return
        self.signal(self.stop_signal)
        try:
            process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reap()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL), and wait until it is gone."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._reap()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def failure(self) -> PartFailed:
        """Why it ended, in one line."""
        if self._pump is not None:
            self._pump.join(1)
        code = self._process.poll() if self._process else None
        text = "\n".join(self._last_lines)
        if loader := _LOADER.search(text):
            return PartFailed(
                f"{self.name} cannot start: the system library {loader[1]} is missing. Install "
                f"it with your system's package manager, or set {self.setting} to a server of "
                "your own."
            )
        reason = self.explain(list(self._last_lines)) or f"exit code {code}"
        return PartFailed(f"{self.name} stopped: {reason}. Its log is {self.log_file}.")

    def explain(self, last_lines: list[str]) -> str:
        """The line of its output that tells most; the last one unless overridden."""
        return last_lines[-1].strip().rstrip(".") if last_lines else ""

    @property
    def log_file(self) -> Path:
        return self._logs / f"{self.name.lower()}.log"

    def _reap(self) -> None:
        if self._pump is not None:
            self._pump.join(1)
        self._pump = None

    def _keep_log(self, output: IO[bytes]) -> None:
        """Copy what the server prints into its log file, bounded in size."""
        handler = RotatingFileHandler(
            self.log_file, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES_KEPT, encoding="utf-8"
        )
        with output:
            for raw in output:
                line = raw.decode(errors="replace").rstrip()
                self._last_lines.append(line)
                handler.emit(logging.makeLogRecord({"msg": line}))
        handler.close()
