"""A log, and a sealer over it that can be stopped, started and looked at."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys, new_key
from infra.nats.connection import NatsConnection
from infra.postgres.pool import Pool, open_pool
from infra.processes.sessions import Sessions
from infra.record.files import PublishedFiles
from infra.record.folder import SealersFolder
from infra.record.sealer import Sealer
from infra.record.sealers_place import SealersPlace
from infra.record.sealers_term import Pace
from infra.record.signing import FileSigner, Signer, make_signing_key
from infra.record.timestamps import TimeStamps
from infra.record.witnesses import Witnesses
from infra.tasks import cancelled
from tests.infra.processes.conftest import until
from tests.infra.processes.sample import Added, SampleLog
from tests.real import Database, Parts

QUICK = Pace(spacing_s=0.01, sum_every_s=3600, retraced_a_second=1_000_000, rest_s=0.05)
WORKSPACES = ("ws_a", "ws_b", "ws_c")


@dataclass
class Bench:
    """`log` is written to by hand; `path` is the sealer's folder."""

    log: SampleLog
    superuser: "psycopg.Connection[Any]"
    pool: Pool
    nats: NatsConnection
    path: Path
    url: str
    master: MasterKeys
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    @property
    def files(self) -> PublishedFiles:
        return PublishedFiles.within(self.path / "tlog")

    def published(self, name: str) -> Path:
        return self.path / "tlog" / self.log.log_id() / name

    def append(self, count: int) -> int:
        """Events of several workspaces; the new head."""
        made = (
            (WORKSPACES[n % 3], f"s{n % 7}", Added(n))
            for n in range(self.log.head(), count + self.log.head())
        )
        return self.log.append(*made)

    def tamper(self, *statements: str) -> None:
        """With all rights, and past what refuses changes."""
        with self.superuser.transaction():
            for statement in ("SET LOCAL session_replication_role = replica", *statements):
                self.log.do(statement)

    def cut(self, position: int) -> None:
        """The database as it was when the log ended here."""
        later = f"WHERE position > {position}"
        self.tamper(
            f"DELETE FROM log.events {later}",
            f"DELETE FROM record.entries {later}",
            f"DELETE FROM record.checkpoints WHERE size > {position}",
            f"UPDATE log.head SET position = {position}",
        )

    @contextlib.asynccontextmanager
    async def appending(self) -> AsyncIterator[PostgresEventStore]:
        store = PostgresEventStore(self.pool, self.master, self.url)
        await store.start()
        try:
            yield store
        finally:
            await store.close()

    def start(
        self,
        pace: Pace = QUICK,
        *,
        path: Path | None = None,
        signer: Signer | None = None,
        second: Signer | None = None,
        witnesses: Witnesses | None = None,
        stamps: TimeStamps | None = None,
    ) -> Sealer:
        """A sealer that works until `stop`."""
        folder = path or self.path
        key = self.path / "signing.key"
        make_signing_key(key)
        place = SealersPlace(
            SealersFolder(folder),
            self.files,
            signer or FileSigner(key),
            "example.org/log",
            second,
            witnesses,
            stamps,
        )
        reading = PostgresEventStore(self.pool, self.master, self.url, addresses=False)
        sealer = Sealer(reading, Sessions(self.url), self.nats, place, self.appending, pace)
        self.tasks.append(asyncio.create_task(sealer.run()))
        return sealer

    async def stop(self) -> None:
        await cancelled(*self.tasks)
        self.tasks.clear()

    async def signed(self, sealer: Sealer, size: int) -> None:
        await until(lambda: sealer.said.size >= size, 30, f"a checkpoint of {size}")

    async def sealed(self, pace: Pace = QUICK) -> None:
        """Let a sealer sign all that there is, and stop it."""
        sealer = self.start(pace)
        await self.signed(sealer, self.log.head())
        await self.stop()

    async def refused(self, sealer: Sealer) -> str:
        """Why it signs nothing any more."""
        await until(lambda: sealer.said.state.startswith("refuses"), 30, "a refusal")
        return sealer.said.state


@pytest.fixture
async def bench(database: Database, parts: Parts, data_folder: Path) -> AsyncIterator[Bench]:
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(database.worker_url, max_size=4)
        stack.push_async_callback(pool.close)
        nats = await stack.enter_async_context(NatsConnection(parts.nats_url, "test"))
        superuser = stack.enter_context(psycopg.connect(database.superuser_url, autocommit=True))
        superuser.execute("SET timezone = 'UTC'")
        log = SampleLog(superuser, pool)
        made = Bench(
            log, superuser, pool, nats, data_folder, database.worker_url, MasterKeys(new_key())
        )
        async with made.appending():
            pass  # an empty log gets the secrets that it is to have
        try:
            yield made
        finally:
            await made.stop()
