"""A rebuild in a process of its own, slow enough to be killed: `python -m ... WORKER_URL`."""

import asyncio
import sys
import time

import psycopg

from infra.postgres.pool import open_pool
from infra.processes.build_progress import Progress
from infra.processes.bulk_load import BuildLimits
from infra.processes.kept_rows import RowLimits
from infra.processes.rebuild import Rebuild
from infra.processes.sessions import Sessions
from tests.infra.processes.sample import SampleLog, sample

SMALL = BuildLimits(chunk_events=50, flush_events=300, flush_rows=100, kept=RowLimits(8, 10**9))


async def rebuild(url: str) -> None:
    def show(progress: Progress) -> None:
        print(progress.position, flush=True)
        time.sleep(0.01)

    pool = await open_pool(url)
    with psycopg.connect(url, autocommit=True) as connection:
        log = SampleLog(connection, pool)
        await Rebuild(sample(), log, Sessions(url), limits=SMALL, on_progress=show).run()


if __name__ == "__main__":
    asyncio.run(rebuild(sys.argv[1]))
