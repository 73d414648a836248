"""Two hundred dependencies on one graph, over two processes: each is in, or a rule said no."""

from collections import Counter
from random import Random

import httpx
import pytest

from tests.e2e.person import Person
from tests.faults.given import Given
from tests.faults.side_by_side import WRITERS, side_by_side

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_DEPENDENCIES = 200
_TASKS = 25
_RULES = {"dependency-cycle", "already-exists"}


def test_writers_on_one_graph_are_in_or_meet_a_rule(product: Given, someone: Person) -> None:
    project = someone.project("GRAPH")
    ids = [someone.task(project["id"], f"Task {n}")["id"] for n in range(_TASKS)]

    def write(writer: int, http: httpx.Client) -> Counter[str]:
        random = Random(writer)
        said: Counter[str] = Counter()
        for _ in range(_DEPENDENCIES // WRITERS):
            one, other = random.sample(ids, 2)
            answer = http.post(f"/tasks/{one}/dependencies", json={"blocks_task_id": other})
            problem = answer.json()
            said["in" if answer.status_code == 201 else problem["code"]] += 1
            if problem.get("code") == "dependency-cycle":
                assert problem["path"][0] == problem["path"][-1] == one
        return said

    said = sum(side_by_side(product.served, someone, write), Counter[str]())
    assert set(said) == {"in", *_RULES}
    edges = {
        (each["from_task_id"], each["to_task_id"])
        for task_id in ids
        for each in someone.every(f"/tasks/{task_id}/dependencies", "dependencies")
    }
    assert len(edges) == said["in"]
    ordered = someone.get(f"/projects/{project['id']}/task-order")["task_ids"]
    place = {task_id: number for number, task_id in enumerate(ordered)}
    assert sorted(place) == sorted(ids)
    assert all(place[blocker] < place[blocked] for blocker, blocked in edges)
    blocked = someone.every(f"/tasks?project_id={project['id']}&is_blocked=true", "tasks")
    assert {each["id"] for each in blocked} == {blocked for _, blocked in edges}
