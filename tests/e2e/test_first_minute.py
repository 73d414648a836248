"""What a stranger does in the first minute, over HTTP, on the product as it is served."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.e2e.person import Person
from tests.e2e.served import Served
from tests.waiting import until

pytestmark = pytest.mark.timeout(180)


def test_from_registering_to_the_activity_of_a_task(person: Person) -> None:
    project = person.project("WEB")
    first = person.task(project["id"], "Write the page", priority="high", tags=["page"])
    second = person.task(project["id"], "Show it", assignee_id=person.user["user_id"])
    assert [first["key"], second["key"]] == ["WEB-1", "WEB-2"]

    moved = person.patch("/tasks/WEB-1", {"status": "in_progress"})
    assert moved["status_category"] == "in_progress"
    person.comment(first["id"], "Half of it stands.")

    board = person.get(f"/projects/{project['id']}/board")
    cards = {
        column["name"]: [card["key"] for card in column["cards"]] for column in board["columns"]
    }
    assert [keys for keys in cards.values() if keys] == [["WEB-2"], ["WEB-1"]]

    entries = person.get("/tasks/WEB-1/activity")["activities"]
    assert [entry["action"] for entry in entries] == [
        "commented",
        "status_changed",
        "task_created",
    ]
    change = entries[1]
    assert change["changes"] == {
        "field": "status",
        "old_value": "todo",
        "new_value": "in_progress",
    }
    assert change["actor"]["user_id"] == person.user["user_id"]

    shown = person.get("/tasks/WEB-1")
    assert (shown["comment_count"], shown["version"]) == (1, 2)
    mine = person.get("/user/tasks")["tasks"]
    assert [task["key"] for task in mine] == ["WEB-2"]


def test_a_forbidden_move_says_what_is_allowed(person: Person) -> None:
    project = person.project("WEB")
    task = person.task(project["id"], "Not yet done")
    answer = person.ask("PATCH", f"/tasks/{task['id']}", {"status": "done"})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "transition-not-allowed"
    assert (problem["from"], problem["to"]) == ("todo", "done")
    assert sorted(problem["allowed"]) == ["cancelled", "in_progress"]


def test_each_write_is_seen_by_the_next_read(person: Person) -> None:
    project = person.project("RYW")
    for number in range(1, 21):
        person.task(project["id"], f"Number {number}")
        listed = person.get(f"/tasks?project_id={project['id']}&limit=1")["tasks"]
        assert listed[0]["title"] == f"Number {number}"


def test_who_read_what_is_in_the_log_of_a_batch_too(served: Served, person: Person) -> None:
    task = person.task(person.project("READ")["id"], "Read in a batch")
    path = f"/api/v1/tasks/{task['id']}"
    person.post("/batch", {"commands": [{"method": "GET", "path": path}]})

    def told() -> list[dict[str, Any]]:
        logs = [log.read_text() for log in (served.data / "logs").glob("api-*.log")]
        whole = [line for log in logs for line in log.split("\n")[:-1]]
        return [json.loads(line) for line in whole if f'"{path}"' in line]

    (line,) = until("a line of the log", 10, told)
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 200)
    assert line["user_id"] == person.user["user_id"]


def test_what_is_not_yours_does_not_exist(served: Served, person: Person) -> None:
    project = person.project("MINE")
    task = person.task(project["id"], "Nobody else's business")
    with Person(served.url) as stranger:
        stranger.register()
        for path in (f"/tasks/{task['id']}", f"/projects/{project['id']}/board"):
            assert stranger.ask("GET", path).status_code == 404
        assert stranger.every(f"/tasks?project_id={project['id']}", "tasks") == []
    with httpx.Client(base_url=f"{served.url}/api/v1", timeout=20) as nobody:
        assert nobody.get(f"/tasks/{task['id']}").status_code == 401


def test_every_view_can_be_thrown_away_while_reading_goes_on(
    served: Served, person: Person
) -> None:
    project = person.project("VIEW")
    for number in range(30):
        person.task(project["id"], f"Number {number}")
    before = person.every(f"/tasks?project_id={project['id']}", "tasks")
    with _reading(person, project["id"]) as reads:
        told = served.run_json("rebuild", "--all", "--compare", "--yes")
    assert told
    assert len(reads) > 10
    assert {answer.status_code for answer in reads} == {200}
    assert {len(answer.json()["tasks"]) for answer in reads[::2]} == {30}
    assert person.every(f"/tasks?project_id={project['id']}", "tasks") == before


def test_stopped_and_started_again_it_has_its_data(served: Served, person: Person) -> None:
    project = person.project("KEEP")
    task = person.task(project["id"], "Still here tomorrow")
    assert served.stop() == 0
    served.start()
    assert person.get(f"/tasks/{task['id']}")["title"] == task["title"]
    # Killed with -9 it leaves nobody behind, and starts again as well.
    children = served.children()
    assert children
    served.kill()
    served.start()
    assert not served.children().keys() & children.keys()
    person.log_in()
    assert person.get(f"/tasks?project_id={project['id']}")["tasks"][0]["id"] == task["id"]


@contextmanager
def _reading(person: Person, project_id: str) -> Iterator[list[httpx.Response]]:
    """A reader beside whatever is done within: a list and a board in turn."""
    answers: list[httpx.Response] = []
    done = threading.Event()

    def read() -> None:
        headers = {"Authorization": f"Bearer {person.token}"}
        with httpx.Client(base_url=f"{person.url}/api/v1", headers=headers, timeout=20) as http:
            while not done.is_set():
                answers.append(http.get(f"/tasks?project_id={project_id}"))
                answers.append(http.get(f"/projects/{project_id}/board"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield answers
    finally:
        done.set()
        reader.join()
