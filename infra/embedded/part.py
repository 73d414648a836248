"""One embedded server over one folder that only its account may enter."""

import re
import time
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

from infra.child import Program, bare_environment
from infra.embedded.account import Account
from infra.embedded.errors import PartFailed
from infra.log_file import LogFile

_POLL_SECONDS = 0.01
_LOADER = re.compile(r"error while loading shared libraries: ([^:\s]+)")


class Part(Program):
    """`setting` gives the part from outside instead of embedding it."""

    setting: str
    working_folder = Path("/")  # ours may be closed to its account

    def __init__(self, folder: Path, logs: Path, account: Account, port: int) -> None:
        log = LogFile(logs / f"{self.name.lower()}.log")
        super().__init__(account, log)
        self.log: LogFile = log
        self.folder = folder
        self.port = port

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients find it, password included."""

    def environment(self) -> Mapping[str, str]:
        return bare_environment()

    def after_start(self) -> None:
        """Nothing, unless a part has more to set up."""

    def start(self, timeout_seconds: float = 60) -> None:
        """Prepare, spawn and wait until it serves. Raises PartFailed with the reason."""
        self.prepare()
        self.spawn()
        self.wait_ready(timeout_seconds)
        self.after_start()

    def wait_ready(self, timeout_seconds: float = 60) -> None:
        """Return as soon as it serves. Raises PartFailed if it dies first or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready():
            if not self.is_running:
                raise self.failure()
            if time.monotonic() > deadline:
                raise PartFailed(
                    f"{self.name} did not become ready within {timeout_seconds:.0f} s; "
                    f"its log is {self.log.path}."
                )
            time.sleep(_POLL_SECONDS)

    def failure(self) -> PartFailed:
        self.log.finish()
        return self.failure_by(self.log.last_lines)

    def failure_by(self, last_lines: list[str]) -> PartFailed:
        """Why it ended, by what it printed last."""
        if loader := _LOADER.search("\n".join(last_lines)):
            return PartFailed(
                f"{self.name} cannot start: the system library {loader[1]} is missing. Install "
                f"it with your system's package manager, or set {self.setting} to a server of "
                "your own."
            )
        reason = self.explain(last_lines) or f"exit code {self.exit_code}"
        return PartFailed(f"{self.name} stopped: {reason}. Its log is {self.log.path}.")

    def explain(self, last_lines: list[str]) -> str:
        """The line of its output that tells most; the last one unless overridden."""
        return last_lines[-1].strip().rstrip(".") if last_lines else ""
