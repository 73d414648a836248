"""The same done by many writers at once, half of them in one API process, half in the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import httpx

from tests.e2e.person import Person
from tests.e2e.served import API_WORKER, Served

T = TypeVar("T")

WRITERS = 8

_MOST_CONNECTIONS = 200


def side_by_side(
    served: Served, someone: Person, write: Callable[[int, httpx.Client], T]
) -> list[T]:
    """What each of the writers gives; half of them talk to one process, half to the other."""
    clients = _spread_over_the_workers(served, someone)
    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            written = list(pool.map(write, range(WRITERS), clients))
    finally:
        for client in clients:
            client.close()
    someone.position = max(someone.position, served.status()["head_position"])
    return written


def _spread_over_the_workers(served: Served, someone: Person) -> list[httpx.Client]:
    """Kept connections, as many to each API process."""
    workers = served.pids(API_WORKER)
    share = WRITERS // len(workers)
    held: dict[int, list[httpx.Client]] = {pid: [] for pid in workers}
    for _ in range(_MOST_CONNECTIONS):
        client = httpx.Client(
            base_url=f"{someone.url}/api/v1",
            headers={"Authorization": f"Bearer {someone.token}"},
            timeout=30,
        )
        answer = client.get(f"{someone.url}/healthz")
        _, port = answer.extensions["network_stream"].get_extra_info("client_addr")
        mine = held[_holder(workers, served.port, port)]
        if len(mine) < share:
            mine.append(client)
        else:
            client.close()
        if all(len(each) == share for each in held.values()):
            return [client for each in held.values() for client in each]
    raise AssertionError(f"one process takes all connections: {held}")


def _holder(workers: list[int], server_port: int, client_port: int) -> int:
    """The process that serves the connection from this port."""
    ends = f":{server_port:04X} ", f":{client_port:04X} "
    for line in Path("/proc/net/tcp").read_text().splitlines():
        _, local, remote, _, _, _, _, _, _, inode, *_ = line.split()
        if f"{local} ".endswith(ends[0]) and f"{remote} ".endswith(ends[1]):
            socket = f"socket:[{inode}]"
            for pid in workers:
                if any(_opened(end) == socket for end in Path(f"/proc/{pid}/fd").iterdir()):
                    return pid
    raise AssertionError("nobody holds the connection")


def _opened(end: Path) -> str | None:
    try:
        return str(end.readlink())
    except FileNotFoundError:
        return None
