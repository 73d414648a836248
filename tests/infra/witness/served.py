"""A witness as a process of its own, which can be killed and started again."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from domain.record.note_keys import VerifierKey, parse_vkey
from infra.embedded.sockets import free_ports
from infra.settings import PREFIX, child_environment

_TOLD = re.compile(r"witness on (http://\S+), known by (\S+)\n")


@dataclass
class ServedWitness:
    """Over `folder`; `port` stays the same from start to start."""

    folder: Path
    name: str = "witness.example/w1"
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def knows(self, *keys: VerifierKey) -> None:
        """From now on it watches these logs."""
        (self.folder / "witness").mkdir(parents=True, exist_ok=True)
        (self.folder / "witness/logs").write_text("".join(f"{key.encode()}\n" for key in keys))

    def start(self) -> VerifierKey:
        """Return when it listens; its key."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api.cli.main", "witness", "serve", "--port", str(self.port)],
            env=child_environment(
                {f"{PREFIX}WITNESS_NAME": self.name, f"{PREFIX}DATA_DIR": str(self.folder)}
            ),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        told = _TOLD.fullmatch(self._process.stdout.readline())
        assert told is not None
        assert told[1] == self.url
        return parse_vkey(told[2])

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()
        self._process = None


@contextlib.contextmanager
def served_witness(folder: Path) -> Iterator[ServedWitness]:
    made = ServedWitness(folder)
    try:
        yield made
    finally:
        if made._process is not None:
            made.kill()
