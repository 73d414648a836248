"""A live log with all that is kept about it, which can be tampered with and put back as it was."""

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from commands.commit import Commit, NewEvent
from domain.custody.events import ErasureCarriedOut
from domain.record.disclosure import key_id_of, sealed_fields
from domain.values.recorded import Origin
from domain.workspace.events import WorkspaceRenamed
from infra.event_store.store import PostgresEventStore
from infra.keys.destruction import DestroyedKeys, destroy_keys
from infra.postgres.pool import Connection
from infra.processes.sessions import Sessions
from infra.record.checking import check_keys, check_record
from infra.settings import Settings
from tests.infra.record.conftest import WORKSPACES, Bench

EARLY = 270
"""Where it was signed before."""

_ANY = 300
_AUTHORS = ("user_ann", "user_bob", "user_erased", "user_carol")
_TABLES = (
    "log.events", "log.head", "record.entries", "record.checkpoints", "keys.sealing_keys",
    "keys.destroyed",
)  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """The first position that is wrong now, None where none can be told."""

    position: int | None


@dataclass
class Live:
    """A sealed log: events of any kind, then texts of several authors, one of them erased."""

    bench: Bench
    session: Connection

    @property
    def head(self) -> int:
        return self.bench.log.head()

    def do(self, *statements: str) -> None:
        self.bench.log.do(";".join(statements))

    async def check(self) -> None:
        """As `taskledger verify --database` does. Raises WillNotSign for whatever it finds."""
        bench, unseen = self.bench, lambda _total: lambda _done: None
        settings = Settings(
            data_dir=bench.path, database_url=SecretStr(bench.url), record_origin="example.org/log"
        )
        store = PostgresEventStore(bench.pool, bench.master, bench.url)
        checked = await check_record(self.session, store, settings, bench.log.log_id(), unseen)
        await check_keys(self.session, store, (), checked, unseen)

    def sealed_by(self) -> dict[bytes, int]:
        """Of every key that seals anything the first position at which it does."""
        first: dict[bytes, int] = {}
        rows = self.bench.log.ask(
            "SELECT position, payload, metadata FROM log.events"
            f" WHERE position > {_ANY} ORDER BY position"
        )
        for position, payload, metadata in rows:
            for sealed in sealed_fields(payload, metadata).values():
                first.setdefault(key_id_of(sealed), position)
        return first

    def keep(self) -> None:
        self.do("SET session_replication_role = replica", "CREATE SCHEMA kept")
        for table in _TABLES:
            self.do(f"CREATE TABLE kept.{table.replace('.', '_')} AS TABLE {table}")
        shutil.copytree(self.bench.path, self.kept_files, symlinks=True)

    def put_back(self) -> None:
        for table in _TABLES:
            kept = f"kept.{table.replace('.', '_')}"
            self.do(f"TRUNCATE {table}", f"INSERT INTO {table} TABLE {kept}")
        for name in ("tlog", "checkpoint", "keys.json"):
            there, kept_file = self.bench.path / name, self.kept_files / name
            if kept_file.is_dir():
                shutil.rmtree(there)
                shutil.copytree(kept_file, there)
            else:
                shutil.copyfile(kept_file, there)

    @property
    def kept_files(self) -> Path:
        return self.bench.path.with_name("kept")

    @property
    def early_files(self) -> Path:
        """What was published when it was signed before."""
        return self.bench.path.with_name("early")


@asynccontextmanager
async def live_log(bench: Bench) -> AsyncIterator[Live]:
    bench.append(EARLY)
    await bench.sealed()
    (bench.path / "record").symlink_to(bench.path)
    shutil.copytree(bench.path / "tlog", bench.path.with_name("early"))
    bench.append(_ANY - EARLY)
    async with bench.appending() as store, bench.pool.connection() as connection:
        for n in range(24):
            author = _AUTHORS[n % 4]
            event = WorkspaceRenamed(name=f"Name {n} by {author}", was="")
            await _append(store, WORKSPACES[n % 3], author, event)
        destroyed = DestroyedKeys(bench.path / "destroyed")
        gone = await destroy_keys(connection, "user_erased", destroyed)
        told = ErasureCarriedOut(
            erasure_id="era_1",
            user_id="user_erased",
            key_ids=tuple(map(str, destroyed.ids())),
            counts={"content_keys": len(gone)},
        )
        await _append(store, "ws_a", "user_ann", told)
    await bench.sealed()
    async with AsyncExitStack() as stack:
        live = Live(bench, await stack.enter_async_context(Sessions(bench.url).open("proof")))
        live.keep()
        yield live


async def _append(store: PostgresEventStore, workspace: str, author: str, event: object) -> None:
    stream = f"{workspace}_{author}_{secrets.token_hex(4)}"
    await store.append(
        Commit(
            command_id=secrets.token_bytes(16),
            workspace_id=workspace,
            main_stream=stream,
            origin=Origin(actor=author),
            events=(NewEvent(workspace, stream, event),),
            expected={stream: 0},
        )
    )
