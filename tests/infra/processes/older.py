"""A projector on older code, in a process of its own: `python -m ... WORKER_URL NATS_URL`.

It has the view `sample` in its first version and `steady` as newer code has it, and does not know
events of the type `Unheard`.
"""

import asyncio
import sys

import psycopg

from infra.nats.connection import NatsConnection
from infra.postgres.pool import open_pool
from infra.processes.projector import Projector
from infra.processes.sessions import Sessions
from tests.infra.processes.sample import SampleLog, sample


async def project(url: str, nats_url: str) -> None:
    pool = await open_pool(url)
    async with NatsConnection(nats_url, "older") as nats:
        with psycopg.connect(url, autocommit=True) as connection:
            log = SampleLog(connection, pool)
            views = [sample(version=1), sample("steady")]
            await Projector(views, log, Sessions(url), nats).run()


if __name__ == "__main__":
    asyncio.run(project(*sys.argv[1:]))
