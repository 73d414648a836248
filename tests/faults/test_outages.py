"""A part is gone and nobody starts it again: what the product still does, and what it says."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import redis

from bench.servers import halted
from tests.e2e.person import PASSWORD, Person
from tests.e2e.served import NATS, VALKEY, Served, processes
from tests.faults.given import Given
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(180)]

_REFUSED_WITHIN_S = 10.0
_GIVEN_UP_WITHIN_S = 10.0


def test_without_postgresql_nothing_is_accepted_and_nothing_is_lost(
    product: Given, someone: Person
) -> None:
    project = someone.project("DOWN")
    before = someone.task(project["id"], "Before")
    made = {"project_id": project["id"], "title": "Meanwhile"}
    product.postgres.kill()
    try:
        asked = [
            ("POST", "/tasks", made),
            ("PATCH", f"/tasks/{before['id']}", {"title": "Changed?"}),
            ("GET", f"/tasks/{before['id']}", None),
            ("GET", f"/projects/{project['id']}/board", None),
            ("POST", "/auth/login", {"username": someone.username, "password": PASSWORD}),
        ]
        for method, path, body in asked:
            began = time.monotonic()
            headers = {} if "login" in path or method == "GET" else {"Idempotency_Key": path}
            answer = someone.ask(method, path, body, **headers)
            assert time.monotonic() - began < _REFUSED_WITHIN_S, path
            assert answer.status_code == 503, f"{path}: {answer.status_code} {answer.text}"
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["code"] == "dependency-down"
        assert someone.http.get(f"{someone.url}/healthz").status_code == 200
        assert product.served.readiness().status_code == 503
    finally:
        product.postgres.start()
    product.served.await_ready()

    # What was refused was not done, and the same request is now as good as new.
    shown = someone.get(f"/tasks/{before['id']}")
    assert (shown["title"], shown["version"]) == ("Before", 1)
    answer = someone.ask("POST", "/tasks", made, Idempotency_Key="/tasks")
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.json()["key"] == "DOWN-2"
    assert len(someone.every(f"/tasks?project_id={project['id']}", "tasks")) == 2


def test_without_valkey_the_product_answers_and_counts_by_itself(
    product: Given, someone: Person
) -> None:
    project = someone.project("VAL")
    product.valkey.kill()
    try:
        task = someone.task(project["id"], "While nobody shares the limits")
        assert someone.get(f"/tasks/{task['id']}")["title"] == task["title"]
        assert someone.every(f"/tasks?project_id={project['id']}", "tasks") == [
            someone.get(f"/tasks/{task['id']}")
        ]
        someone.log_in()
        answer = someone.ask("GET", f"/tasks/{task['id']}")
        assert "RateLimit" in answer.headers
        until("it says so", 10, lambda: not _limits_are_shared(product))
    finally:
        product.valkey.start()
    until("they share them again", 20, lambda: _limits_are_shared(product))


def test_a_valkey_that_is_emptied_again_and_again_changes_no_answer(
    product: Given, someone: Person
) -> None:
    project = someone.project("FLUSH")
    done = threading.Event()

    def empty() -> int:
        times = 0
        with redis.Redis.from_url(product.valkey.url) as valkey:
            while not done.is_set():
                valkey.flushall()
                times += 1
        return times

    with ThreadPoolExecutor(1) as pool:
        emptied = pool.submit(empty)
        try:
            made = [someone.task(project["id"], f"Task {number}") for number in range(20)]
            someone.log_in()
            for each in made:
                changed = someone.patch(f"/tasks/{each['id']}", {"priority": 1})
                assert someone.get(f"/tasks/{each['id']}") == changed
        finally:
            done.set()
    assert emptied.result() > 20
    listed = someone.every(f"/tasks?project_id={project['id']}&priority=critical", "tasks")
    assert {each["id"] for each in listed} == {each["id"] for each in made}


def test_a_database_that_hangs_is_refused_in_time(product: Given, someone: Person) -> None:
    """Its machine is paused: connections stay, no answer comes, nothing tells that it is so."""
    project = someone.project("HANG")
    task = someone.task(project["id"], "Before")
    made = {"project_id": project["id"], "title": "Meanwhile"}
    with _paused(product.postgres.pid), ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(someone.ask, "POST", "/tasks", made, Idempotency_Key="hung"),
            pool.submit(someone.ask, "GET", f"/tasks/{task['id']}"),
        ]
        written, read = [each.result() for each in asked]
        for answer in (written, read):
            assert answer.status_code == 503, answer.text
            assert answer.elapsed.total_seconds() < _GIVEN_UP_WITHIN_S
            assert int(answer.headers["Retry-After"]) >= 1
    someone.patiently("POST", "/tasks", made)
    again = someone.ask("POST", "/tasks", made, Idempotency_Key="hung")
    assert again.status_code == 201
    assert written.json().get("in_doubt") or "Idempotency-Replayed" not in again.headers
    product.served.await_views(someone.position)
    tasks = someone.every(f"/tasks?project_id={project['id']}", "tasks")
    assert sorted(each["key"] for each in tasks) == ["HANG-1", "HANG-2", "HANG-3"]


@pytest.mark.parametrize("part", [NATS, VALKEY])
def test_a_part_that_only_carries_may_hang(part: str, served: Served, person: Person) -> None:
    project = person.project("IDLE")
    with _paused(served.pids(part)[0]):
        for number in range(1, 6):
            person.task(project["id"], f"Number {number}")
            assert person.ask("GET", f"/projects/{project['id']}/board").status_code == 200
        # Who may see it, only a view that has it can say: in the time that a reader waits.
        late = person.project("LATE")
        assert person.ask("GET", f"/projects/{late['id']}/board").status_code == 200
        served.await_views(person.position)
    served.await_views(person.position)
    assert len(person.every(f"/tasks?project_id={project['id']}", "tasks")) == 5


@contextmanager
def _paused(pid: int | None) -> Iterator[None]:
    """It and all its children."""
    assert pid is not None
    with halted([pid, *(child for child, parent, _ in processes() if parent == pid)]):
        yield


def _limits_are_shared(product: Given) -> bool:
    readiness = product.served.readiness()
    assert readiness.status_code == 200, readiness.text
    limits = readiness.json()["parts"]["rate_limits"]
    assert limits["ok"] or "by itself" in limits["why"]
    return bool(limits["ok"])
