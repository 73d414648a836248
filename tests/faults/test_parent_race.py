"""A task is closed while others put subtasks below it, over two processes: never over an open
one."""

from threading import Barrier

import httpx
import pytest

from domain.task.events import TaskStatusChanged
from domain.task.state import Task
from tests.e2e.person import Json, Person
from tests.faults.given import Given
from tests.faults.replay import replayed
from tests.faults.side_by_side import WRITERS, side_by_side

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_ROUNDS = 12
_WORKFLOW: Json = {
    "initial": "open",
    "statuses": [
        {"key": "open", "name": "Open", "category": "todo"},
        {"key": "done", "name": "Done", "category": "done"},
    ],
    "transitions": [
        {"from": "open", "to": "done", "guards": ["all-subtasks-done"]},
        {"from": "done", "to": "open"},
    ],
}


def test_no_task_is_closed_over_an_open_subtask(product: Given, someone: Person) -> None:
    project = someone.project("CLOSE")
    before = someone.position
    changed = someone.ask("PUT", f"/projects/{project['id']}/workflow", _WORKFLOW)
    assert changed.status_code == 200, changed.text
    parents = [someone.task(project["id"], f"Above {n}")["id"] for n in range(_ROUNDS)]
    together = Barrier(WRITERS)

    def write(writer: int, http: httpx.Client) -> None:
        for parent in parents:
            together.wait(30)
            if writer % 2:
                below = {"title": f"By {writer}", "parent_task_id": parent}
                answer = http.post("/tasks", json=below)
                assert answer.status_code == 201, answer.text
                continue
            answer = http.patch(f"/tasks/{parent}", json={"status": "done"})
            if answer.status_code != 200:
                assert answer.status_code == 409, answer.text
                assert answer.json()["code"] == "guard-refused", answer.text

    side_by_side(product.served, someone, write)
    log = replayed(product, before)
    steps = sorted(
        (step for steps in log.values() for step in steps), key=lambda step: step[0].position
    )
    now: dict[str, Task] = {}
    for recorded, state in steps:
        if not isinstance(state, Task):
            continue
        now[recorded.stream] = state
        if isinstance(recorded.event, TaskStatusChanged) and recorded.event.status == "done":
            below = [each for each in now.values() if each.parent_task_id == recorded.stream]
            assert {each.status for each in below} <= {"done"}
    added = [task for task in now.values() if task.parent_task_id is not None]
    assert len(added) == _ROUNDS * WRITERS // 2
