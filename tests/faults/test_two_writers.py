"""Two processes write one task: 409 or both in, never a lost update."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.e2e.person import Json, Person
from tests.e2e.served import API_WORKER, Served
from tests.faults.given import Given

T = TypeVar("T")

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_WRITERS = 8
_ROUNDS = 15
_MOST_CONNECTIONS = 200
_FIELDS = ("title", "description", "estimate", "due_date")


def test_changes_of_different_fields_are_both_in_or_refused(
    product: Given, someone: Person
) -> None:
    project = someone.project("TWO")
    task = someone.task(project["id"], "Not yet written to")
    path = f"/tasks/{task['id']}"

    def write(writer: int, http: httpx.Client) -> tuple[str, list[Json]]:
        field = _FIELDS[writer % len(_FIELDS)]
        acknowledged = []
        for number in range(_ROUNDS):
            answer = http.patch(path, json={field: _value(field, writer, number)})
            if answer.status_code == 200:
                acknowledged.append(answer.json())
            else:
                assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), answer.text
        return field, acknowledged

    written = _side_by_side(product.served, someone, write)
    shown = someone.get(path)
    states = [state for _, each in written for state in each]
    assert len({state["version"] for state in states}) == len(states)
    assert shown["version"] == max(state["version"] for state in states)
    for field in _FIELDS:
        # Its last acknowledged write is what stands, whoever wrote other fields meanwhile.
        mine = [state for name, each in written if name == field for state in each]
        assert mine, f"no write of {field} was ever let in"
        assert shown[field] == max(mine, key=lambda state: state["version"])[field]
    # Each acknowledged write is an event of its own.
    history = someone.every(f"{path}/activity", "activities")
    assert len([entry for entry in history if entry["action"] != "task_created"]) == len(states)
    assert shown["version"] == 1 + len(states)


def test_counting_with_if_match_loses_nothing(product: Given, someone: Person) -> None:
    """Each reads, adds one and writes what it has read the version of."""
    project = someone.project("SUM")
    task = someone.task(project["id"], "A counter", estimate=0)
    path = f"/tasks/{task['id']}"

    def count(writer: int, http: httpx.Client) -> Counter[int]:
        outcomes: Counter[int] = Counter()
        for _ in range(_ROUNDS):
            seen = http.get(path)
            assert seen.status_code == 200, (seen.status_code, seen.text)
            change = {"estimate": seen.json()["estimate"] + 1}
            answer = http.patch(path, json=change, headers={"If-Match": seen.headers["ETag"]})
            assert answer.status_code in (200, 409, 412), answer.text
            outcomes[answer.status_code] += 1
        return outcomes

    outcomes = sum(_side_by_side(product.served, someone, count), Counter[int]())
    shown = someone.get(path)
    assert outcomes[200] > _ROUNDS
    assert outcomes[412] + outcomes[409] > 0, "they never met"
    assert shown["estimate"] == outcomes[200]
    assert shown["version"] == 1 + outcomes[200]


def test_creators_in_two_processes_draw_numbers_without_a_gap(
    product: Given, someone: Person
) -> None:
    project = someone.project("NUM")

    def create(writer: int, http: httpx.Client) -> list[str]:
        made = {"project_id": project["id"], "title": f"By {writer}"}
        answers = [http.post("/tasks", json=made) for _ in range(_ROUNDS)]
        assert {answer.status_code for answer in answers} == {201}
        return [answer.json()["key"] for answer in answers]

    keys = [key for each in _side_by_side(product.served, someone, create) for key in each]
    expected = {f"NUM-{number}" for number in range(1, _WRITERS * _ROUNDS + 1)}
    assert sorted(keys) == sorted(expected)


def _value(field: str, writer: int, number: int) -> str | float:
    """Another one each time."""
    match field:
        case "estimate":
            return float(100 * writer + number + 1)
        case "due_date":
            return f"2030-01-01T{writer:02}:{number:02}:00Z"
        case _:
            return f"By {writer}, number {number}"


def _side_by_side(
    served: Served, someone: Person, write: Callable[[int, httpx.Client], T]
) -> list[T]:
    """What each of the writers gives; half of them talk to one process, half to the other."""
    clients = _spread_over_the_workers(served, someone)
    try:
        with ThreadPoolExecutor(_WRITERS) as pool:
            written = list(pool.map(write, range(_WRITERS), clients))
    finally:
        for client in clients:
            client.close()
    someone.position = max(someone.position, served.status()["head_position"])
    return written


def _spread_over_the_workers(served: Served, someone: Person) -> list[httpx.Client]:
    """Kept connections, as many to each API process."""
    workers = served.pids(API_WORKER)
    share = _WRITERS // len(workers)
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
