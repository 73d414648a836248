"""Runs the product on one machine: the embedded parts, then the processes of each role."""

import asyncio
import functools
import http.client
import shutil
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ParamSpec, TypeVar

import structlog

from infra.child import Child, Process
from infra.embedded.folder import DataFolder
from infra.embedded.parts import SETTING_OF, EmbeddedParts
from infra.fork_server import Orders
from infra.forked import ForkServer
from infra.keys.configured import master_keys
from infra.keys.master import make_key_file
from infra.log_file import LogFile
from infra.postgres.migrate import migrate
from infra.settings import PREFIX, Settings, SettingsError, child_environment

P = ParamSpec("P")
R = TypeVar("R")

_READY_POLL_S = 0.02
_READY_TIMEOUT_S = 5.0  # each part is asked for two seconds, some after others
_STILL_STARTING_S = 15.0
_BACKOFF_FIRST_S = 0.1
_BACKOFF_MOST_S = 5.0
_BACKOFF_FORGOTTEN_AFTER_S = 30.0
_EARLY_ENDS = 3
_BACKLOG = 4096
_API = "api.serve"
_BACKGROUND = "infra.processes.background"

_log = structlog.get_logger(__name__)


class AddressInUse(Exception):
    """Somebody listens where we were told to."""


def serve(
    settings: Settings, forks: ForkServer, *, embedded: bool, announce: Callable[[str], None]
) -> None:
    """Run until SIGINT or SIGTERM; a second one ends everything at once.

    `forks` may have been started already. `embedded` starts every part whose address is not
    given. `announce` gets the few lines meant for a person. Raises SettingsError, KeyUnusable,
    FolderInUse, FolderUnusable, AddressInUse, PartFailed.
    """
    missing = _missing_parts(settings)
    if missing and not embedded:
        names = " and ".join(PREFIX + SETTING_OF[part].upper() for part in missing)
        raise SettingsError(f"Set {names}, or let --embedded start what is missing.")
    settings = settings.model_copy(update={"data_dir": settings.data_dir.absolute()})
    if settings.master_key is not None or settings.key_file().exists():
        master_keys(settings)  # told of here, where each process would end by it again and again
    with ExitStack() as stack:
        folder = None
        if embedded:
            folder = stack.enter_context(closing(DataFolder.open(settings.data_dir)))
        listener = None
        if "api" in settings.roles:
            listener = stack.enter_context(_listen(settings.host, settings.port))
        counting = {} if listener is None else _counting_in(_empty_folder(folder, stack))
        run = _Run(settings, forks, folder, missing, listener, counting, announce)
        asyncio.run(run.until_stopped())


def _empty_folder(folder: DataFolder | None, stack: ExitStack) -> Path:
    """For what processes count together while they live."""
    if folder is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="taskledger-metrics-")))
    path = folder.path / "metrics"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path


def _missing_parts(settings: Settings) -> list[str]:
    """Those that the roles need and that no setting gives."""
    databases = (settings.database_url, settings.api_database_url, settings.worker_database_url)
    given = {
        "postgres": any(url is not None for url in databases),
        "nats": settings.nats_url is not None,
        "valkey": settings.redis_url is not None or "api" not in settings.roles,
    }
    return [part for part in SETTING_OF if not given[part]]


class Role(Child):
    """A Python process of ours: an API worker, or the background roles together."""

    def __init__(
        self,
        name: str,
        forks: ForkServer,
        orders: Orders,
        listener: socket.socket | None = None,
        log: LogFile | None = None,
    ) -> None:
        super().__init__(log)
        self.name = name
        self._forks = forks
        self._orders = orders
        self._listener = listener

    def prepare(self) -> None:
        self._forks.await_ready()

    def launch(self, output: int | None) -> Process:
        outputs = (1, 2) if output is None else (output, output)
        further = () if self._listener is None else (self._listener.fileno(),)
        return self._forks.fork(self._orders, outputs, further)

    def is_ready(self) -> bool:
        """As soon as it runs; whether the product serves, `/readyz` knows."""
        return self.is_running


class _Keeper:
    """Starts one child, and again whenever it ends, until it is told to stop.

    Where it `gives_up`, what ends the first try is told by `started` and is not tried again.
    """

    def __init__(self, child: Child, in_thread: "_Threads", *, gives_up: bool = True) -> None:
        self.child = child
        self._gives_up = gives_up
        self.started = asyncio.get_running_loop().create_future()
        self.failures: deque[Exception] = deque(maxlen=_EARLY_ENDS)
        self._in_thread = in_thread
        self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        wait_s = _BACKOFF_FIRST_S
        while True:
            began = time.monotonic()
            failure: Exception
            try:
                await self._run_once()
                failure = await self._in_thread(self.child.failure)
            except Exception as error:  # whatever kept it from serving, it is tried again
                failure = error
                await self._in_thread(self.child.kill)
            if self._gives_up and not self.started.done():
                self.started.set_exception(failure)
                return
            self.failures.append(failure)
            if time.monotonic() - began > _BACKOFF_FORGOTTEN_AFTER_S:
                wait_s = _BACKOFF_FIRST_S
            _log.error("child_ended", child=self.child.name, why=str(failure), again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _BACKOFF_MOST_S)

    async def _run_once(self) -> None:
        """From its start to its end."""
        child = self.child
        if not child.is_running:
            await self._in_thread(child.prepare)
            child.spawn()
        while not await self._in_thread(child.is_ready):
            if not child.is_running:
                raise await self._in_thread(child.failure)
            await asyncio.sleep(_READY_POLL_S)
        await self._in_thread(child.after_start)
        if self.started.done():
            _log.info("child_started_again", child=child.name, pid=child.pid)
        else:
            self.started.set_result(None)
        await self._in_thread(child.wait)

    async def stop(self, timeout_s: float) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        if self.started.done() and not self.started.cancelled():
            self.started.exception()  # retrieved: whoever started us was told of the first one
        await self._in_thread(self.child.stop, timeout_s)


class _Threads:
    """Runs what blocks. Its own pool: a thread waits for the end of each child."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "supervisor")

    async def __call__(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        bound = functools.partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, bound)

    def finish(self) -> None:
        """Let what still runs come to its end: it may be at work in the data folder."""
        self._pool.shutdown()


class _Run:
    """One run, from the first part's start to the last one's end."""

    def __init__(
        self,
        settings: Settings,
        forks: ForkServer,
        folder: DataFolder | None,
        embedded: Sequence[str],
        listener: socket.socket | None,
        counting: Mapping[str, str],
        announce: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._listener = listener
        self._announce = announce
        self._parts = (
            EmbeddedParts.within(folder, embedded, settings.embedded_user) if folder else None
        )
        self._counting = counting
        self._forks = forks
        self._forks.load(_modules(settings.roles))
        self._part_keepers: list[_Keeper] = []
        self._fork_keepers: list[_Keeper] = []
        self._role_keepers: list[_Keeper] = []
        self._in_thread = _Threads(3 * (settings.workers + 6))
        self._stop = asyncio.Event()

    async def until_stopped(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        starting = asyncio.create_task(self._start())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopped
        finally:
            for task in (starting, stopped):
                task.cancel()
            await asyncio.wait([starting, stopped])
            await self._stop_all()
            self._in_thread.finish()

    async def _start(self) -> None:
        settings = self._settings
        self._fork_keepers = [_Keeper(self._forks, self._in_thread)]
        if self._parts is not None:
            settings = await self._start_parts(self._parts)
        for keeper in self._fork_keepers:
            await keeper.started
        environment = child_environment(settings.as_environment())
        self._role_keepers = [
            _Keeper(role, self._in_thread, gives_up=False) for role in self._roles(environment)
        ]
        if self._listener is not None:
            await self._until_ready(*_own_address(self._listener))
            self._announce(self._welcome())
        else:
            self._announce(f"Running {', '.join(settings.roles)}.")

    async def _start_parts(self, parts: EmbeddedParts) -> Settings:
        """The settings with the parts' addresses; the database migrated, the master key made."""
        names = ", ".join(part.name for part in parts)
        if names:
            self._announce(f"Starting {names} in {self._settings.data_dir} ...")
        self._part_keepers = [_Keeper(part, self._in_thread) for part in parts]
        for keeper in self._part_keepers:
            await keeper.started
        settings = self._settings.with_urls(parts.urls())
        if settings.database_url is not None:
            await self._in_thread(migrate, settings.owner_url())
        await self._in_thread(self._make_master_key, settings)
        if "sealer" in settings.roles:
            # Here, since what makes a key takes longer to import than most starts have time.
            from infra.record.signing import make_signing_keys

            await self._in_thread(make_signing_keys, settings)
        assert self._folder is not None
        self._folder.publish(parts.urls())
        return settings

    def _make_master_key(self, settings: Settings) -> None:
        if settings.master_key is None and make_key_file(settings.key_file()):
            self._announce(
                f"A new master key is in {settings.key_file()}. Keep a copy of it elsewhere: "
                "without it, all text in this log is lost."
            )

    def _roles(self, environment: dict[str, str]) -> list[Role]:
        roles = []
        if self._listener is not None:
            counting = {**environment, **self._counting}
            for number in range(1, self._settings.workers + 1):
                orders = Orders(f"tl-api-{number}", _API, [], counting, [f"{PREFIX}LISTEN_FD"])
                log = self._log_of(f"api-{number}")
                name = f"API worker {number}"
                roles.append(Role(name, self._forks, orders, self._listener, log))
        if background := _background_of(self._settings.roles):
            arguments = ["--roles", ",".join(background)]
            orders = Orders("tl-background", _BACKGROUND, arguments, environment, [])
            log = self._log_of("background")
            roles.append(Role("background process", self._forks, orders, log=log))
        return roles

    def _log_of(self, name: str) -> LogFile | None:
        """In the data folder where there is one, and then only what is loud is shown here."""
        if self._folder is None:
            return None
        return LogFile(self._folder.path / "logs" / f"{name}.log", _show)

    async def _until_ready(self, host: str, port: int) -> None:
        """Wait until `/readyz` says so. Raises PartFailed if a process cannot even start."""
        told = time.monotonic()
        while True:
            ready, answer = await self._in_thread(_ask_ready, host, port)
            if ready:
                return
            for keeper in self._role_keepers:
                if len(keeper.failures) >= _EARLY_ENDS:
                    raise keeper.failures[-1]
            if time.monotonic() - told > _STILL_STARTING_S:
                told = time.monotonic()
                self._announce(f"Still starting: {answer}")
            await asyncio.sleep(_READY_POLL_S)

    async def _stop_all(self) -> None:
        """Those that write first, the log last."""
        timeout_s = self._settings.stop_timeout_s
        log = [keeper for keeper in self._part_keepers if keeper.child.name == "PostgreSQL"]
        others = [keeper for keeper in self._part_keepers if keeper not in log]
        for group in (self._role_keepers, [*self._fork_keepers, *others], log):
            await asyncio.gather(*(keeper.stop(timeout_s) for keeper in group))

    def _on_signal(self) -> None:
        if not self._stop.is_set():
            self._announce("Stopping ... (once more to force)")
            self._stop.set()
            return
        for keeper in (*self._role_keepers, *self._part_keepers):
            keeper.child.signal(keeper.child.death_signal)

    def _own_places(self) -> str:
        if self._folder is None:
            return ""
        return f"  Data    {self._folder.path}\n  Logs    {self._folder.path / 'logs'}\n"

    def _welcome(self) -> str:
        assert self._listener is not None
        host, port = _own_address(self._listener)
        base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return (
            "\nTaskledger is ready.\n"
            f"  API     {base}/api/v1\n"
            f"  Docs    {base}/api/docs\n"
            f"  Health  {base}/readyz\n"
            f"{self._own_places()}"
            "  Stop    Ctrl-C\n"
        )


def _background_of(roles: Sequence[str]) -> list[str]:
    return [role for role in roles if role != "api"]


def _modules(roles: Sequence[str]) -> list[str]:
    """What the processes of these roles import."""
    background = [_BACKGROUND] if _background_of(roles) else []
    return [*background, _API] if "api" in roles else background


def _counting_in(folder: Path) -> dict[str, str]:
    """What makes API processes keep their metrics in files, so that each can tell those of all."""
    return {f"{PREFIX}METRICS_DIR": str(folder), "PROMETHEUS_MULTIPROC_DIR": str(folder)}


def _show(line: bytes) -> None:
    with suppress(OSError, ValueError):  # who cannot be shown a line must not stop the child
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()


def _listen(host: str, port: int) -> socket.socket:
    """One socket for all workers: the kernel hands each connection to one that waits."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressInUse(
            f"Cannot listen on {host} port {port}: {error.strerror}. Stop what listens there, or "
            f"set {PREFIX}PORT to another port."
        ) from error
    listener.setblocking(False)
    return listener


def _own_address(listener: socket.socket) -> tuple[str, int]:
    """Where to reach the listener from this machine."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - not listened on


def _ask_ready(host: str, port: int) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(host, port, timeout=_READY_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status == http.client.OK, answer.read(2048).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()
