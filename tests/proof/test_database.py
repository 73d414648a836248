"""A live log in the hands of its database's superuser: whatever they do to it is found."""

import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from infra.event_store.store import PostgresEventStore
from infra.processes.sessions import Sessions
from infra.record.checking import check_record
from infra.record.refusal import Tampered, WillNotSign
from infra.settings import Settings
from tests.infra.record.conftest import Bench, bench
from tests.proof.tally import Proof

__all__ = ["bench"]

HEAD = 300
AWAY = 1_000_000
TABLES = ("log.events", "log.head", "record.entries", "record.checkpoints")


@dataclass
class Live:
    """A sealed log of `HEAD` events, which can be put back as it was."""

    bench: Bench
    check: Callable[[], Awaitable[object]]

    def do(self, *statements: str) -> None:
        self.bench.log.do(";".join(statements))

    def keep(self) -> None:
        self.do("SET session_replication_role = replica", "CREATE SCHEMA kept")
        for table in TABLES:
            self.do(f"CREATE TABLE kept.{table.replace('.', '_')} AS TABLE {table}")
        shutil.copytree(self.bench.path, self._kept_files, symlinks=True)

    def put_back(self, changed: "Changed") -> None:
        for table in changed.tables:
            kept = table.replace(".", "_")
            self.do(f"DELETE FROM {table}", f"INSERT INTO {table} TABLE kept.{kept}")
        for file in changed.files:
            shutil.copyfile(self._kept_files / file.relative_to(self.bench.path), file)

    @property
    def _kept_files(self) -> Path:
        return self.bench.path.with_name("kept")


@dataclass
class Changed:
    """The first position that is wrong now, None where none can be told; and what to put back."""

    position: int | None
    tables: tuple[str, ...] = ("log.events",)
    files: tuple[Path, ...] = ()


Tamper = Callable[[Live, random.Random], Changed]


@pytest.fixture
async def live(bench: Bench) -> AsyncIterator[Live]:
    bench.append(HEAD)
    await bench.sealed()
    settings = Settings(
        data_dir=bench.path, database_url=SecretStr(bench.url), record_origin="example.org/log"
    )
    if not settings.record_dir().exists():
        settings.record_dir().symlink_to(bench.path)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(Sessions(bench.url).open("proof"))
        store = PostgresEventStore(bench.pool, bench.master, bench.url)
        log_id = bench.log.log_id()
        made = Live(
            bench,
            lambda: check_record(session, store, settings, log_id, lambda _: lambda _: None),
        )
        made.keep()
        yield made


async def test_whatever_a_superuser_does_is_found(live: Live, proof: Proof) -> None:
    async def untouched(_: str) -> bool:
        await live.check()
        return True

    await proof.tried_live("an untouched live log: no alarm", proof.seeds(1000), untouched)
    for what, tampers in TAMPERS.items():

        async def found(case: str, tampers: tuple[Tamper, ...] = tampers) -> bool:
            randomly = random.Random(int(case))
            changed = randomly.choice(tampers)(live, randomly)
            try:
                await live.check()
            except Tampered as wrong:
                return wrong.position == changed.position
            except WillNotSign:
                return changed.position is None
            finally:
                live.put_back(changed)
            return False

        await proof.tried_live(f"a live log, {what}", proof.seeds(200), found)


def _events(assignment: str) -> Tamper:
    """One event of any is changed."""

    def tamper(live: Live, randomly: random.Random) -> Changed:
        at = randomly.randint(1, HEAD)
        live.do(f"UPDATE log.events SET {assignment} WHERE position = {at}")
        return Changed(at)

    return tamper


def _delete(live: Live, randomly: random.Random) -> Changed:
    at = randomly.randint(1, HEAD)
    live.do(f"DELETE FROM log.events WHERE position = {at}")
    return Changed(at)


def _take_out(live: Live, randomly: random.Random) -> Changed:
    """Those behind it move up."""
    at = randomly.randint(1, HEAD - 1)
    live.do(
        f"DELETE FROM log.events WHERE position = {at}",
        f"UPDATE log.events SET position = position + {AWAY} WHERE position > {at}",
        f"UPDATE log.events SET position = position - {AWAY + 1} WHERE position > {AWAY}",
        "UPDATE log.head SET position = position - 1",
    )
    return Changed(at, ("log.events", "log.head"))


def _cut_off(live: Live, randomly: random.Random) -> Changed:
    """The state of some time ago."""
    at = randomly.randint(1, HEAD)
    live.do(
        f"DELETE FROM log.events WHERE position >= {at}",
        f"UPDATE log.head SET position = {at - 1}",
        f"DELETE FROM record.entries WHERE position >= {at}",
    )
    return Changed(at, ("log.events", "log.head", "record.entries"))


def _swap(live: Live, randomly: random.Random) -> Changed:
    one, other = randomly.sample(range(1, HEAD + 1), 2)
    live.do(
        f"UPDATE log.events SET position = {AWAY} WHERE position = {one}",
        f"UPDATE log.events SET position = {one} WHERE position = {other}",
        f"UPDATE log.events SET position = {other} WHERE position = {AWAY}",
    )
    return Changed(min(one, other))


def _entry_changed(live: Live, randomly: random.Random) -> Changed:
    at = randomly.randint(1, HEAD)
    live.do(f"UPDATE record.entries SET link = sha256(link) WHERE position = {at}")
    return Changed(at, ("record.entries",))


def _entry_gone(live: Live, randomly: random.Random) -> Changed:
    at = randomly.randint(1, HEAD)
    live.do(f"DELETE FROM record.entries WHERE position = {at}")
    return Changed(at, ("record.entries",))


def _tile(live: Live, randomly: random.Random) -> Changed:
    at = randomly.randint(1, 256)
    name, size = randomly.choice((("tile/0/000", 32), ("tile/entries/000", 42)))
    file = live.bench.published(name)
    _flip(file, (at - 1) * size + randomly.randrange(size), randomly)
    return Changed(at, (), (file,))


def _note(live: Live, randomly: random.Random) -> Changed:
    """Every byte of it is signed, or is the signature."""
    file = randomly.choice((live.bench.path / "checkpoint", live.bench.published("checkpoint")))
    _flip(file, randomly.randrange(file.stat().st_size), randomly)
    return Changed(None, (), (file,))


def _note_in_the_database(live: Live, randomly: random.Random) -> Changed:
    live.do(
        "UPDATE record.checkpoints SET note = replace(note,"
        f" '{HEAD}', '{randomly.randint(HEAD + 1, 999)}')"
    )
    return Changed(None, ("record.checkpoints",))


def _flip(file: Path, at: int, randomly: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1 << randomly.randrange(8)
    file.write_bytes(content)


TAMPERS: dict[str, tuple[Tamper, ...]] = {
    "an event altered: named by its position": (
        _events("payload = set_byte(payload, 0, get_byte(payload, 0) # 1)"),
        _events("payload = payload || '\\x00'"),
        _events("metadata = metadata || '\\x81a56163746f72a3657665'"),
        _events("type = type || 'x'"),
        _events("stream = stream || 'x'"),
        _events("version = version + 1000"),
        _events("number = coalesce(number, 0) + 1"),
        _events("recorded_at = recorded_at - interval '1 microsecond'"),
    ),
    "an event given to another tenant": (
        _events("workspace_id = 'ws_' || chr(97 + mod(ascii(right(workspace_id, 1)) - 96, 3))"),
        _events("workspace_id = 'ws_d'"),
    ),
    "events taken out, swapped, cut off": (_delete, _take_out, _cut_off, _swap),
    "what the sealer keeps rewritten": (_entry_changed, _entry_gone, _tile),
    "a checkpoint altered: refused": (_note, _note_in_the_database),
}
