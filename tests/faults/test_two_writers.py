"""Two processes write one task: 409 or both in, never a lost update."""

from collections import Counter

import httpx
import pytest

from tests.e2e.person import Json, Person
from tests.faults.given import Given
from tests.faults.side_by_side import WRITERS, side_by_side

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_ROUNDS = 15
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

    written = side_by_side(product.served, someone, write)
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

    outcomes = sum(side_by_side(product.served, someone, count), Counter[int]())
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

    keys = [key for each in side_by_side(product.served, someone, create) for key in each]
    expected = {f"NUM-{number}" for number in range(1, WRITERS * _ROUNDS + 1)}
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
