"""A status goes while tasks enter it, over two processes: none is left standing in it."""

import httpx
import pytest

from tests.e2e.person import Json, Person
from tests.faults.given import Given
from tests.faults.side_by_side import side_by_side

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_BEFORE = 4
_MOST_ROUNDS = 120


def workflow(*keys: str) -> Json:
    """Any status may follow any."""
    names = {"key": "k", "name": "n"}
    statuses = [{**names, "key": key, "name": key.title(), "category": "todo"} for key in keys]
    return {"initial": keys[0], "statuses": statuses, "any_move": True}


def test_no_task_is_left_in_a_status_that_goes(product: Given, someone: Person) -> None:
    project = someone.project("GOING")
    path = f"/projects/{project['id']}/workflow"
    someone.ask("PUT", path, workflow("open", "going", "kept")).raise_for_status()

    def change(http: httpx.Client) -> int:
        """Takes the status away, however many enter it; gives the position."""
        wanted = {**workflow("open", "kept"), "move_to": {"going": "kept"}}
        answer = http.put(path, json=wanted)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["X-Log-Position"])

    def enter(writer: int, http: httpx.Client) -> list[int]:
        """Positions of what was let in, until there is no such status any more. The first writer
        takes it away meanwhile; one in each process enters it."""
        entered = []
        for number in range(_MOST_ROUNDS if writer in (0, 1, 4) else 0):
            if writer == 0 and number == _BEFORE:
                return [change(http)]
            given = {"project_id": project["id"], "title": f"{writer}.{number}"}
            if number % 2:
                answer = http.post("/tasks", json={**given, "status": "going"})
            else:
                made = http.post("/tasks", json=given).json()
                answer = http.patch(f"/tasks/{made['id']}", json={"status": "going"})
            if answer.status_code == 422:
                assert answer.json()["errors"][0]["pointer"] == "/status"
                return entered
            assert answer.status_code in (200, 201), answer.text
            entered.append(int(answer.headers["X-Log-Position"]))
        return entered

    (gone,), *others = side_by_side(product.served, someone, enter)
    # Nobody entered it after it was gone, and whoever was in it stands elsewhere now.
    entered = [position for each in others for position in each]
    assert entered
    assert max(entered) < gone
    tasks = someone.every(f"/tasks?project_id={project['id']}", "tasks")
    assert {task["status"] for task in tasks} <= {"open", "kept"}
    assert sum(task["status"] == "kept" for task in tasks) == len(entered) + _BEFORE
    board = someone.get(f"/projects/{project['id']}/board")
    assert [column["statuses"] for column in board["columns"]] == [["open"], ["kept"]]
    for task in tasks:
        if task["status"] == "kept":
            history = someone.every(f"/tasks/{task['id']}/activity", "activities")
            (last, *_) = [each for each in history if each["action"] == "status_changed"]
            assert last["changes"]["old_value"] == "going"
            assert last["position"] <= gone
