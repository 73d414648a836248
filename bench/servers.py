"""The product and the yardstick side by side on one box, over one PostgreSQL server."""

import base64
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from infra.embedded.folder import DataFolder
from infra.embedded.parts import EmbeddedParts
from infra.embedded.postgres import OWNER, SUPERUSER
from infra.embedded.sockets import free_ports
from infra.postgres.migrate import migrate
from infra.record.signing import make_signing_key

WORKERS = 2
_PATIENCE_S = 60.0
# It may have views to build first, and millions of events to seal.
_SERVES_WITHIN_S = 1_800.0
_POLL_S = 0.05
_PLAIN = "plain_crud"
# What lists, boards and permissions are answered from, and the views that stood when the speed of
# writing and of following was promised.
SPINE = ("tasks", "board", "activity", "projects", "members")
_SCHEMA = Path(__file__).parent / "plain_crud" / "schema.sql"


@dataclass(frozen=True, slots=True)
class Server:
    """One that answers at `url`. `secret` signs the yardstick's tokens; `environment` lets
    commands find the product. `pid` is that of the process that started all others."""

    url: str
    environment: Mapping[str, str]
    pid: int
    secret: str = ""
    database_url: str = ""

    def peaks_mib(self) -> list[int]:
        """The most memory that each of its processes has had, in MiB."""
        return [peak for pid in self._pids() if (peak := _peak_mib(pid)) is not None]

    def cpu_s(self) -> float:
        """The processor's time that its processes have taken."""
        return sum(_cpu_s(pid) for pid in self._pids())

    @contextmanager
    def halted(self) -> Iterator[None]:
        """None of its processes runs while the block does; all go on afterwards."""
        with halted(self._pids()):
            yield

    def _pids(self) -> list[int]:
        found, left = [], [self.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                left += _children(pid)
        return found


@contextmanager
def halted(pids: Sequence[int]) -> Iterator[None]:
    """None of these processes runs while the block does, as if their machine stood still."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def own_folder(kept: Path | None = None) -> Iterator[Path]:
    """Empty, and gone afterwards, unless it is to be kept; servers under other accounts find their
    way through it."""
    if kept is not None:
        kept.mkdir(mode=0o711, parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="taskledger-bench-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o711)
        yield folder


@contextmanager
def parts(folder: Path) -> Iterator[EmbeddedParts]:
    """PostgreSQL (fsync on), NATS and Valkey, with all they keep in this folder."""
    data = DataFolder.open(folder)
    embedded = EmbeddedParts.within(data)
    try:
        embedded.start()
        yield embedded
    finally:
        embedded.stop()
        data.close()


@contextmanager
def product(
    embedded: EmbeddedParts,
    folder: Path,
    *,
    master_key: bytes | None = None,
    roles: str | None = None,
    views: Sequence[str] | None = None,
    opensearch: str | None = None,
) -> Iterator[Server]:
    """`taskledger serve` without limits on requests, with every role, or those named (by comma), or
    no others than the API and what keeps these `views`; `master_key` where there is a log already
    that was written with it; `opensearch`: the address of one."""
    assert embedded.postgres is not None
    migrate(embedded.postgres.url_of(OWNER))
    key_file = folder / "signing.key"
    key_file.parent.mkdir(parents=True, exist_ok=True)
    make_signing_key(key_file)
    (port,) = free_ports(1)
    environment = {
        **embedded.urls(),
        "TASKLEDGER_RECORD_KEY_FILE": str(key_file),
        "TASKLEDGER_PORT": str(port),
        "TASKLEDGER_WORKERS": str(WORKERS),
        "TASKLEDGER_DATA_DIR": str(folder),
        "TASKLEDGER_RATE_LIMIT_PER_MINUTE": "0",
        "TASKLEDGER_MASTER_KEY": base64.b64encode(
            secrets.token_bytes(32) if master_key is None else master_key
        ).decode(),
        "TASKLEDGER_LOG_LEVEL": "warning",
    }
    if opensearch is not None:
        environment["TASKLEDGER_OPENSEARCH_URL"] = opensearch
    command = [sys.executable, "-m", "api.cli.main", "serve", "--with-parent"]
    url = f"http://127.0.0.1:{port}"
    if views is not None:
        roles = "api"
    if roles is not None:
        command += ["--roles", roles]
    with contextlib.ExitStack() as stack:
        pid = stack.enter_context(_running(command, environment, folder / "product.log"))
        if roles is None:
            wait_until(lambda: _answers(f"{url}/readyz"), "the product serves", _SERVES_WITHIN_S)
        elif "api" in roles:
            # Without those who build the views it never is ready for all that may be asked.
            wait_until(lambda: _answers(f"{url}/healthz"), "the product answers")
        if views is not None:
            stack.enter_context(background(environment, folder / "background.log", views))
            wait_until(lambda: len(_views(url)) == len(views), "these views answer")
        yield Server(url, environment, pid)


@contextmanager
def background(environment: Mapping[str, str], log: Path, views: Sequence[str]) -> Iterator[None]:
    """Relay and projector as the product runs them, in one process, with these views alone."""
    command = [sys.executable, "-m", "infra.processes.background", "--roles", "relay,projector"]
    with _running([*command, "--views", ",".join(views)], environment, log):
        yield


@contextmanager
def plain(embedded: EmbeddedParts, folder: Path) -> Iterator[Server]:
    """The yardstick, in a database of its own on the same server."""
    assert embedded.postgres is not None
    with psycopg.connect(embedded.postgres.url_of(SUPERUSER, "postgres"), autocommit=True) as made:
        made.execute(f"CREATE DATABASE {_PLAIN}")
    url = embedded.postgres.url_of(SUPERUSER, _PLAIN)
    with psycopg.connect(url) as connection:
        connection.execute(_SCHEMA.read_text())
    (port,) = free_ports(1)
    secret = secrets.token_hex(32)
    environment = {"PLAIN_CRUD_DATABASE_URL": url, "PLAIN_CRUD_SECRET": secret}
    command = [
        *(sys.executable, "-m", "uvicorn", "bench.plain_crud.app:app"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS)),
        *("--loop", "uvloop", "--http", "httptools"),
        *("--no-access-log", "--log-level", "warning"),
    ]
    address = f"http://127.0.0.1:{port}"
    with _running(command, environment, folder / "plain.log") as pid:
        wait_until(lambda: _answers(f"{address}/openapi.json"), "the yardstick serves")
        yield Server(address, environment, pid, secret, url)


def wait_until(
    holds: Callable[[], bool],
    what: str,
    patience_s: float = _PATIENCE_S,
    poll_s: float = _POLL_S,
) -> float:
    """Seconds until it held. Raises TimeoutError with `what` was waited for."""
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > patience_s:
            raise TimeoutError(f"waited {patience_s:.0f} s in vain until {what}")
        time.sleep(poll_s)
    return time.perf_counter() - began


@contextmanager
def _running(command: list[str], changes: Mapping[str, str], log: Path) -> Iterator[int]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **changes},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process.pid
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it said: {log.read_text()[-2000:]}") from error
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _views(url: str) -> Sequence[str]:
    """Those that answer."""
    return list(httpx.get(f"{url}/api/status", timeout=5.0).json()["views"])


def _children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def _peak_mib(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return None


def _cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
