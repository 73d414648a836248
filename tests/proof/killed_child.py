"""Sealers that can be killed: forked one after the other, for each line on standard input."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys
from infra.nats.connection import NatsConnection
from infra.postgres.pool import open_pool
from infra.processes.sessions import Sessions
from infra.record.files import PublishedFiles
from infra.record.folder import SealersFolder
from infra.record.sealer import Sealer
from infra.record.sealers_place import SealersPlace
from infra.record.sealers_term import Pace
from infra.record.signing import FileSigner


async def seal(url: str, path: Path) -> None:
    pool = await open_pool(url, max_size=2)
    store = PostgresEventStore(pool, MasterKeys(bytes(32)), url)

    @contextlib.asynccontextmanager
    async def nothing() -> AsyncIterator[PostgresEventStore]:
        yield store

    files = PublishedFiles.within(path / "tlog")
    signer = FileSigner(path / "signing.key")
    place = SealersPlace(SealersFolder(path), files, signer, "example.org/log")
    async with NatsConnection("nats://127.0.0.1:1", "killed") as nats:
        pace = Pace(spacing_s=0.001, sum_every_s=3600, retraced_a_second=1_000_000)
        await Sealer(store, Sessions(url), nats, place, nothing, pace).run()


if __name__ == "__main__":
    given = sys.argv[1], Path(sys.argv[2])
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            os.dup2(2, 1)  # what is read there is numbers alone
            asyncio.run(seal(*given))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
