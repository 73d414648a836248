"""A process that writes to the log until it is killed, and says what was acknowledged.

Run with the database's address and the master key in hexadecimal; it prints one line an
acknowledged commit: the command's id and the position.
"""

import asyncio
import random
import sys

from commands.ports import StreamMoved
from domain.project.events import ProjectArchived
from infra.event_store.store import PostgresEventStore
from infra.keys.master import MasterKeys
from infra.postgres.pool import open_pool
from tests.infra.event_store.made import commit, creation, event

PROJECTS = [f"proj_{number}" for number in range(3)]
AT_ONCE = 16


async def write(url: str, key: bytes) -> None:
    pool = await open_pool(url, max_size=2)
    store = PostgresEventStore(pool, MasterKeys(key), url)
    await store.start()
    await asyncio.gather(*[_keep_writing(store) for _ in range(AT_ONCE)])


async def _keep_writing(store: PostgresEventStore) -> None:
    versions = dict.fromkeys(PROJECTS, 0)
    while True:
        project = random.choice(PROJECTS)
        if random.random() < 0.3:
            made = commit(
                event(project, ProjectArchived()),
                expected={project: versions[project]},
                guards={"archived": 0} if random.random() < 0.01 else {},
            )
        else:
            made = creation()
        try:
            receipt = await store.append(made)
        except StreamMoved:
            versions[project] = len(await store.read_stream(project))
        else:
            if made.main_stream == project:
                versions[project] = receipt.main_version
            sys.stdout.write(f"{made.command_id.hex()} {receipt.position}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], bytes.fromhex(sys.argv[2])))
