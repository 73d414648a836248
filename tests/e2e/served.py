"""The whole product as a stranger starts it, in a process group and a data folder of its own."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from infra.embedded.sockets import LOOPBACK, free_ports
from infra.settings import PREFIX, Settings
from tests.waiting import until

API_WORKER = "API worker"
BACKGROUND = "background process"
FORK_SERVER = "fork server"
POSTGRESQL = "PostgreSQL"
NATS = "NATS"
VALKEY = "Valkey"

READY_WITHIN_S = 60.0
HEALED_WITHIN_S = 30.0
_STOPPED_WITHIN_S = 60.0
_HELD_OPEN = 20
_COMMAND_WITHIN_S = 90.0
_RUNS = {
    FORK_SERVER: "infra.fork_server",
    POSTGRESQL: "postgres",
    NATS: "nats-server",
    VALKEY: "valkey-server",
}
_SHOWN_AS = {API_WORKER: "tl-api-", BACKGROUND: "tl-background"}


@dataclass
class Served:
    """One product over `folder`; started and stopped as often as a test likes.

    `settings` are environment variables without their prefix.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def printed(self) -> str:
        """All that it has printed, its log lines included."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def start(self) -> None:
        """Return when `/readyz` of every API worker says so."""
        self.spawn()
        try:
            self.await_ready(READY_WITHIN_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.printed[-4000:]}") from None

    def spawn(self) -> None:
        assert self._process is None
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                # With us it ends, also when we are killed.
                [*_COMMAND, "serve", "--embedded", "--with-parent"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> int:
        """As Ctrl-C would; its exit code."""
        return self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a crash of the whole command would: nobody is left to stop the rest."""
        self._end(signal.SIGKILL)

    def environment(self) -> dict[str, str]:
        """For commands that run beside it, and for itself."""
        own = {"DATA_DIR": str(self.data), "PORT": str(self.port), **self.settings}
        given = {n: v for n, v in os.environ.items() if not n.startswith(PREFIX)}
        return given | {f"{PREFIX}{name}": value for name, value in own.items()}

    def run(
        self, *arguments: str, within_s: float = _COMMAND_WITHIN_S
    ) -> subprocess.CompletedProcess[str]:
        """A command beside it, whatever it ends with."""
        return subprocess.run(
            [*_COMMAND, *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def popen(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command beside it that is left to run."""
        return subprocess.Popen(
            [*_COMMAND, *arguments],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run_json(self, *arguments: str) -> list[Any]:
        """The documents that a command prints, one a line, with `--json`."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def status(self) -> dict[str, Any]:
        """Asked again while a part is away: each worker finds out for itself that it is back."""
        return until("the status", HEALED_WITHIN_S, self._answered_status, self.told)

    def views_at(self, position: int) -> bool:
        """Whether every view has this position."""
        views = (self._answered_status() or {}).get("views")
        return bool(views) and all(view["position"] >= position for view in views.values())

    def await_views(self, position: int, within_s: float = HEALED_WITHIN_S) -> None:
        until(
            f"every view at {position}",
            within_s,
            lambda: self.views_at(position),
            lambda: f"{self._answered_status()}; {self.told()}",
        )

    def await_ready(self, within_s: float = HEALED_WITHIN_S) -> None:
        """Until every API worker says so of itself: each finds out by itself what is back."""
        ready: set[int] = set()
        said = ""

        def all_are() -> bool:
            nonlocal said
            assert self._process is not None
            code = self._process.poll()
            assert code is None, f"ended with {code}"
            # Kept for a while: whoever has a few lets others take the next ones.
            held.append(httpx.Client(timeout=10))
            if len(held) > _HELD_OPEN:
                held.popleft().close()
            try:
                answer = held[-1].get(f"{self.url}/readyz")
            except httpx.TransportError as error:
                said = repr(error)
                return False
            said = answer.text
            worker = self.worker_of(answer)
            if worker is not None and answer.is_success:
                ready.add(worker)
            return len(ready & set(self.pids(API_WORKER))) >= self.count(API_WORKER)

        held: deque[httpx.Client] = deque()
        try:
            until("ready", within_s, all_are, lambda: f"{ready}; {said}; {self.told()}")
        finally:
            for client in held:
                client.close()

    def worker_of(self, answer: httpx.Response) -> int | None:
        """The API worker that holds the connection of this answer, which must still be open; None
        where it has just gone."""
        _, port = answer.extensions["network_stream"].get_extra_info("client_addr")
        return _holder(self.pids(API_WORKER), self.port, port)

    def count(self, part: str) -> int:
        """How many processes of a part there are on a good day."""
        workers = int(self.settings.get("WORKERS", Settings.model_fields["workers"].default))
        return workers if part == API_WORKER else 1

    def readiness(self) -> httpx.Response:
        return httpx.get(f"{self.url}/readyz", timeout=10)

    def children(self) -> dict[int, str]:
        """Process id -> what it is, of every process that the supervisor started or had forked."""
        assert self._process is not None
        family = {pid: (parent, command) for pid, parent, command in processes()}
        found = {}
        for pid, (parent, command) in family.items():
            if parent == self._process.pid:
                names = [name for name, runs in _RUNS.items() if _is(command, runs)]
                found[pid] = names[0] if names else " ".join(command)
            elif family.get(parent, (0,))[0] == self._process.pid:
                shown = _shown_as(pid)
                names = [name for name, begins in _SHOWN_AS.items() if shown.startswith(begins)]
                if names:  # else it is that young that it has no name yet
                    found[pid] = names[0]
        return found

    def told(self) -> str:
        """What there is now, and what it has printed last: for whoever waits for it in vain."""
        return f"{self.children()}\n{self.printed[-3000:]}"

    def pids(self, part: str) -> list[int]:
        return sorted(pid for pid, name in self.children().items() if name == part)

    def kill_one(self, part: str) -> None:
        """One process of this part is killed with -9 and another takes its place."""

        def complete() -> list[int]:
            found = self.pids(part)
            return found if len(found) == self.count(part) else []

        killed, *_ = until(f"all of {part}", HEALED_WITHIN_S, complete, self.told)
        os.kill(killed, signal.SIGKILL)
        until(
            f"{part} {killed} started again",
            HEALED_WITHIN_S,
            lambda: (now := complete()) and killed not in now,
            self.told,
        )

    @property
    def _output(self) -> Path:
        return self.folder / "printed"

    def _answered_status(self) -> dict[str, Any] | None:
        try:
            answer = httpx.get(f"{self.url}/api/status", timeout=10)
        except httpx.TransportError:
            return None
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        assert answer.is_success, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        try:
            code = self._process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"did not stop:\n{self.printed[-4000:]}") from None
        finally:
            self._process = None
        return code


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """A product that is ready, and stopped at the end."""
    served = Served(folder, settings)
    try:
        served.start()
        yield served
    finally:
        if served.is_running:
            served.stop()


_COMMAND = [sys.executable, "-m", "api.cli.main"]


def _is(command: list[str], runs: str) -> bool:
    """Some servers write more than their name into the place of it."""
    return runs in command or Path(" ".join(command).partition(" ")[0]).name == runs


def _holder(workers: list[int], server_port: int, client_port: int) -> int | None:
    """The process that serves the connection from this port."""
    ends = f":{server_port:04X} ", f":{client_port:04X} "
    for line in Path("/proc/net/tcp").read_text().splitlines():
        _, local, remote, _, _, _, _, _, _, inode, *_ = line.split()
        if f"{local} ".endswith(ends[0]) and f"{remote} ".endswith(ends[1]):
            socket = f"socket:[{inode}]"
            for pid in workers:
                if socket in _opened(pid):
                    return pid
    return None


def _opened(pid: int) -> set[str]:
    """What its descriptors lead to; nothing where it is gone."""
    found = set()
    with suppress(OSError):
        for end in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(end.readlink()))
    return found


def _shown_as(pid: int) -> str:
    """Its name in lists of processes; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return ""


def processes() -> Iterator[tuple[int, int, list[str]]]:
    """Process id, its parent's, its command line; of every process that still runs."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name may hold spaces and brackets; what follows the last bracket may not.
                state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                yield int(folder.name), int(parent), command
