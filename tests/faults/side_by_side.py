"""The same done by many writers at once, half of them in one API process, half in the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

from tests.e2e.person import Person, is_behind
from tests.e2e.served import API_WORKER, Served
from tests.waiting import until

T = TypeVar("T")

WRITERS = 8

_MOST_CONNECTIONS = 200
_PATIENCE_S = 30


class _Writer(httpx.Client):
    """Asks again, as the answer says to, while a view does not show yet who may do what."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        def answered() -> httpx.Response | None:
            answer = super(_Writer, self).send(request, **options)
            return None if is_behind(answer) else answer

        return until(f"{request.method} {request.url}", _PATIENCE_S, answered)


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
        client = _Writer(
            base_url=f"{someone.url}/api/v1",
            headers={"Authorization": f"Bearer {someone.token}"},
            timeout=30,
        )
        answer = client.get(f"{someone.url}/healthz")
        mine = held.get(served.worker_of(answer) or 0)
        if mine is not None and len(mine) < share:
            mine.append(client)
        else:
            client.close()
        if all(len(each) == share for each in held.values()):
            return [client for each in held.values() for client in each]
    raise AssertionError(f"one process takes all connections: {held} of {served.children()}")
