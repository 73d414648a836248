"""The work is committed and its answer is lost: the retry gives the first answer."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.person import Person
from tests.e2e.served import API_WORKER
from tests.faults.given import Given
from tests.faults.proxy import Fate
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_STRUCK_WITHIN_S = 10


def test_a_connection_lost_after_the_commit_is_settled_without_the_client(
    product: Given, someone: Person
) -> None:
    """The process that lost its connection asks the log for the command: no error comes out."""
    project = someone.project("CUT")
    struck = product.proxy.arm(Fate.CUT)
    created = someone.ask(
        "POST", "/tasks", {"project_id": project["id"], "title": "Once"}, Idempotency_Key="once"
    )
    assert struck.is_set()
    assert created.status_code == 201, created.text
    again = someone.ask(
        "POST", "/tasks", {"project_id": project["id"], "title": "Once"}, Idempotency_Key="once"
    )
    assert again.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == created.json()
    assert len(someone.every(f"/tasks?project_id={project['id']}", "tasks")) == 1


def test_an_unkeyed_write_with_a_lost_connection_is_not_made_twice(
    product: Given, someone: Person
) -> None:
    project = someone.project("BARE")
    struck = product.proxy.arm(Fate.CUT)
    created = someone.task(project["id"], "Without a key")
    assert struck.is_set()
    tasks = someone.every(f"/tasks?project_id={project['id']}", "tasks")
    assert [task["id"] for task in tasks] == [created["id"]]


def test_a_worker_killed_between_commit_and_answer(product: Given, someone: Person) -> None:
    """The retry, at another process, gives the first answer: also with an If-Match that the
    first, lost one has made stale."""
    project = someone.project("LOST")
    made = {"project_id": project["id"], "title": "Once"}
    created = _retried_after_a_lost_answer(product, someone, "POST", "/tasks", made)
    assert created.status_code == 201
    task = created.json()
    assert (task["key"], task["version"]) == ("LOST-1", 1)

    path, seen = f"/tasks/{task['id']}", created.headers["ETag"]
    change = {"title": "Twice?"}
    changed = _retried_after_a_lost_answer(
        product, someone, "PATCH", path, change, {"If-Match": seen}
    )
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["version"]) == ("Twice?", 2)

    # The same without the key is another request, and too late.
    stale = someone.ask("PATCH", path, {"title": "Too late"}, If_Match=seen)
    assert stale.status_code == 412
    shown = someone.get(path)
    assert (shown["title"], shown["version"]) == ("Twice?", 2)
    assert len(someone.every(f"/tasks?project_id={project['id']}", "tasks")) == 1


def _retried_after_a_lost_answer(
    product: Given,
    someone: Person,
    method: str,
    path: str,
    body: dict[str, str],
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Every API worker is killed when the log has the commit and before anybody is told."""
    sent = {**(headers or {}), "Idempotency-Key": f"{method} once"}
    struck = product.proxy.arm(Fate.HELD)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(_alone, someone, method, path, body, sent)
        assert struck.wait(_STRUCK_WITHIN_S)
        _kill_workers(product)
        product.proxy.release()
        assert first.result() is None, "the answer was to be lost"
    product.served.await_ready()
    answer = _alone(someone, method, path, body, sent)
    assert answer is not None
    assert answer.headers["Idempotency-Replayed"] == "true", answer.text
    someone.position = int(answer.headers["X-Log-Position"])
    return answer


def _alone(
    someone: Person, method: str, path: str, body: dict[str, str], headers: dict[str, str]
) -> httpx.Response | None:
    """On a connection of its own; None where that was lost."""
    headers = {"Authorization": f"Bearer {someone.token}", **headers}
    try:
        return httpx.request(
            method, f"{someone.url}/api/v1{path}", json=body, headers=headers, timeout=20
        )
    except httpx.TransportError:
        return None


def _kill_workers(product: Given) -> None:
    workers = product.served.pids(API_WORKER)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    until(
        "the workers started again",
        30,
        lambda: (
            len(now := product.served.pids(API_WORKER)) == len(workers)
            and not set(now) & set(workers)
        ),
        product.served.told,
    )
