"""Bulks over the same tasks at once, over two processes: each tells what it did, and no more."""

import httpx
import pytest

from domain.task.events import TaskEstimateChanged
from tests.e2e.person import Json, Person
from tests.faults.given import Given
from tests.faults.replay import replayed
from tests.faults.side_by_side import WRITERS, side_by_side
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_TASKS = 25  # of each writer, so that two hundred write at once
_ROUNDS = 2


def test_every_bulk_says_what_the_log_has_of_it(product: Given, someone: Person) -> None:
    project = someone.project("MANY")
    before = someone.position
    ids = {someone.task(project["id"], f"Task {n}")["id"] for n in range(_TASKS)}
    position = str(someone.position)

    def write(writer: int, http: httpx.Client) -> set[tuple[str, float, int]]:
        changed = set()
        for number in range(_ROUNDS):
            value = float(1 + writer + WRITERS * number)
            body = {"filter": {"project_id": project["id"]}, "patch": {"estimate": value}}
            answer = until("its turn", 60, lambda body=body: _begun(http, body, position))
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert {each["task_id"] for each in told["results"]} == ids
            assert told["changed"] == sum(each["changed"] for each in told["results"])
            for each in told["results"]:
                if each["changed"]:
                    changed.add((each["task_id"], value, each["position"]))
                else:
                    assert each["problem"]["code"] == "conflict", each
        return changed

    said = set().union(*side_by_side(product.served, someone, write))
    log = replayed(product, before)
    commits = {(task_id, value): position for task_id, value, position in said}
    done = {
        (task_id, recorded.event.estimate): recorded.position
        for task_id in ids
        for recorded, _ in log[task_id]
        if isinstance(recorded.event, TaskEstimateChanged)
    }
    assert done.keys() == commits.keys()
    # A result's position is that of the commit in which its change stands.
    assert all(0 <= commits[each] - done[each] < _TASKS for each in done)
    asked = {float(1 + number) for number in range(WRITERS * _ROUNDS)}
    for task_id in ids:
        _, last = log[task_id][-1]
        assert last.estimate in asked
        assert someone.get(f"/tasks/{task_id}")["estimate"] == last.estimate


def _begun(http: httpx.Client, body: Json, position: str) -> httpx.Response | None:
    """Its answer, once its owner has no more running than one may have."""
    answer = http.post("/tasks/bulk", json=body, headers={"X-Min-Log-Position": position})
    return None if answer.status_code == 429 else answer
