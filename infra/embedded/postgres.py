"""PostgreSQL as an embedded part: one cluster, its login roles, its database."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from domain.values.frozen import dataclass
from infra.child import bare_environment
from infra.embedded.account import Account, child_setup
from infra.embedded.binaries import postgres_programs
from infra.embedded.errors import PartFailed
from infra.embedded.files import give_folder, write_private
from infra.embedded.part import Part
from infra.embedded.sockets import LOOPBACK

SUPERUSER = "postgres"
OWNER = "taskledger"
DATABASE = "taskledger"
LOGIN_ROLES = ("taskledger_api", "taskledger_worker", "taskledger_search")

_SOCKET_PATH_LIMIT = 107  # sun_path of unix(7), less its closing NUL
_SPECIAL_IN_CONFIG = set("'\"\\,")
_STRAYS_SECONDS = 10.0
_STRAYS_POLL_SECONDS = 0.02
_CONFIG = {
    "listen_addresses": f"'{LOOPBACK}'",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "8MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
    "lc_messages": "C",
    "default_text_search_config": "'pg_catalog.simple'",
}
_HBA = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Passwords:
    """One for each role that may log in: the superuser, the owner and the login roles."""

    by_role: Mapping[str, str]

    def of(self, role: str) -> str:
        return self.by_role[role]


class Postgres(Part):
    """Durable: this folder is the product's truth."""

    name = "PostgreSQL"
    setting = "TASKLEDGER_DATABASE_URL"
    stop_signal = signal.SIGINT  # fast shutdown: sessions end, a checkpoint is written
    death_signal = signal.SIGQUIT  # immediate shutdown: the backends go with their postmaster

    def __init__(
        self, folder: Path, logs: Path, account: Account, port: int, passwords: Passwords
    ) -> None:
        super().__init__(folder, logs, account, port)
        self._passwords = passwords
        self._postgres, self._initdb = postgres_programs()
        self._data = folder / "data"
        fits = len(str(folder / ".s.PGSQL.65535").encode()) <= _SOCKET_PATH_LIMIT
        plain = not set(str(folder)) & _SPECIAL_IN_CONFIG
        self._socket_folder = folder if fits and plain else None

    @property
    def url(self) -> str:
        return self.url_of(OWNER)

    def url_of(self, role: str, database: str = DATABASE) -> str:
        """By the Unix socket, which is quicker, unless its path is too long for one."""
        login = f"postgresql://{role}:{self._passwords.of(role)}@"
        if self._socket_folder is None:
            return f"{login}{LOOPBACK}:{self.port}/{database}"
        return (
            f"{login}/{database}?host={quote(str(self._socket_folder), safe='')}&port={self.port}"
        )

    def prepare(self) -> None:
        give_folder(self.folder, self._account)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._end_strays()
        config = _CONFIG | {
            "port": str(self.port),
            "unix_socket_directories": f"'{self._socket_folder or ''}'",
        }
        text = "".join(f"{name} = {value}\n" for name, value in config.items())
        write_private(self._data / "postgresql.conf", text, self._account)
        write_private(self._data / "pg_hba.conf", _HBA, self._account)

    def command(self) -> list[str]:
        return [str(self._postgres), "-D", str(self._data)]

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url_of(SUPERUSER, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PartFailed(
                    f"PostgreSQL in {self.folder} does not know the password in our secrets file; "
                    "put that file back from where the folder was copied."
                ) from error
            return False
        return True

    def after_start(self) -> None:
        """Make what the product logs in as, where it is missing. The owner makes the roles, as
        it would on a managed server, and is no superuser."""
        owner, password = sql.Identifier(OWNER), self._passwords.of
        with psycopg.connect(self.url_of(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            if OWNER not in known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(
                        owner, password(OWNER)
                    )
                )
            connection.execute(sql.SQL("SET ROLE {}").format(owner))
            for role in LOGIN_ROLES:
                if role not in known:
                    name = sql.Identifier(role)
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, password(role))
                    )
                    connection.execute(
                        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(name, owner)
                    )
            connection.execute("RESET ROLE")
            exists = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
            ).fetchone()
            if not exists:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner)
                )

    def kill(self) -> None:
        super().kill()
        self._end_strays()

    def explain(self, last_lines: list[str]) -> str:
        telling = [line for line in last_lines if "FATAL:" in line or "PANIC:" in line]
        line = telling[0].split(":  ", 1)[-1] if telling else super().explain(last_lines)
        return line.strip().rstrip(".")

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that one that was cut
        short never looks like one to start."""
        fresh = self.folder / "data.new"
        password_file = self.folder / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        write_private(password_file, self._passwords.of(SUPERUSER), self._account)
        try:
            made = subprocess.run(
                [
                    str(self._initdb),
                    f"--pgdata={fresh}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--data-checksums",
                    "--encoding=UTF8",
                    *self._locale(),
                ],
                capture_output=True,
                text=True,
                env=bare_environment(),
                cwd=self.working_folder,
                start_new_session=True,
                preexec_fn=child_setup(self._account, signal.SIGKILL),
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PartFailed(f"PostgreSQL's initdb cannot be started: {error}.") from error
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode != 0:
            raise self.failure_by(made.stderr.strip().splitlines() or ["initdb failed"])
        fresh.rename(self._data)

    def _locale(self) -> list[str]:
        """The same order and case folding on every machine, from PostgreSQL itself where it
        has it (17 and later)."""
        told = subprocess.run(
            [str(self._postgres), "--version"], capture_output=True, text=True, check=False
        ).stdout
        major = int("".join(c for c in told.split(")")[-1].split(".")[0] if c.isdigit()) or 0)
        if major >= 17:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def _end_strays(self) -> None:
        """End what a killed run left working in our folder. We hold its lock: they are ours."""
        deadline = time.monotonic() + _STRAYS_SECONDS
        while strays := _working_in(self._data):
            overdue = time.monotonic() > deadline - _STRAYS_SECONDS / 2
            for pid in strays:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if overdue else signal.SIGQUIT)
            if time.monotonic() > deadline:
                raise PartFailed(f"PostgreSQL of an earlier run does not end: {strays}.")
            time.sleep(_STRAYS_POLL_SECONDS)
        self._forget_lost_postmaster()

    def _forget_lost_postmaster(self) -> None:
        """Remove the file that names a postmaster whose number another program has now, which
        PostgreSQL would take for a running one. Where that is in doubt, it stays."""
        named = self._data / "postmaster.pid"
        try:
            pid = int(named.read_text().splitlines()[0])
            program = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError, IndexError):
            return
        if program != "postgres":
            named.unlink(missing_ok=True)


def _working_in(folder: Path) -> list[int]:
    """Processes whose working folder is this one, as is that of every process of a cluster."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                if (process / "cwd").readlink() == folder:
                    found.append(int(process.name))
    return found
