"""What answers without a token, and what is said while PostgreSQL is gone."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from api.cli.exits import PART_DOWN, Exit
from api.cli.rebuild import rebuilt
from infra.processes.workplace import open_workplace
from projections.favourites import FAVOURITES_VIEW
from projections.registry import VIEWS
from tests.api.client import Api
from tests.api.damage import unreadable
from tests.api.product import Product, served, settings_of
from tests.infra.processes.conftest import until
from tests.real import Database, Parts


async def test_health_readiness_and_status_name_no_tenant(nobody: Api, ada: Api) -> None:
    assert await nobody.get("!/healthz") == {"status": "ok"}
    ready = await nobody.get("!/readyz")
    assert ready["ready"]
    assert {name for name, part in ready["parts"].items() if part["ok"]} >= {
        "postgresql",
        "nats",
        "relay",
        "views",
    }
    status = await nobody.get("!/api/status")
    assert status["views"].keys() == {view.name for view in VIEWS}
    assert status["head_position"] >= ada.position
    everything = str(ready) + str(status)
    assert ada.user_id not in everything
    assert "Taskledger" in (await nobody.send("GET", "!/")).text


async def test_metrics_count_requests_commands_appends_and_lag(nobody: Api, ada: Api) -> None:
    await ada.task()
    await ada.send("GET", "/tasks/NONE-1")
    text = (await nobody.send("GET", "!/metrics")).text
    for line in (
        'taskledger_http_requests_total{method="POST",route="/api/v1/tasks",status="201"}',
        'taskledger_http_request_seconds_count{method="GET",route="/api/v1/tasks/{task_id}"}',
        'taskledger_commands_total{command="CreateTask",outcome="done"}',
        "taskledger_append_batches_total",
        "taskledger_append_commits_total",
        'taskledger_view_lag_events{view="tasks"}',
        'taskledger_view_lag_seconds{view="tasks"}',
        'taskledger_dead_letters{view="tasks"}',
        "taskledger_log_head_position",
    ):
        assert line in text, line
    assert "NONE-1" not in text


async def test_who_signs_beside_the_sealer_is_a_part_that_nobody_waits_for(
    nobody: Api, product_database: Database
) -> None:
    report = {
        "sealer": {"state": "running"},
        "witnesses": {"state": "0 of 1 cosign, 1 are wanted: w: gone", "size": 5},
        "time_stamps": {},
    }
    with sealer_elsewhere(product_database, report):
        ready = await nobody.get("!/readyz")
        metrics = (await nobody.send("GET", "!/metrics")).text
    assert ready["ready"]
    assert ready["parts"]["sealer"]["ok"]
    missed = ready["parts"]["witnesses"]
    assert (missed["ok"], missed["why"]) == (False, report["witnesses"]["state"])
    assert "time_stamps" not in ready["parts"]
    assert 'taskledger_part_up{part="witnesses"} 0.0' in metrics
    assert "taskledger_record_witnessed_position 5.0" in metrics
    assert "taskledger_record_stamped_position" not in metrics


async def test_a_sealer_that_refuses_is_told_of_and_work_goes_on(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    why = "refuses: the log ends at 5, and it was signed up to 9"
    with sealer_elsewhere(product_database, {"sealer": {"state": why}}):
        ready = await nobody.get("!/readyz")
        metrics = (await nobody.send("GET", "!/metrics")).text
        await ada.task("Recorded, and not signed yet")
    assert ready["ready"]
    told = ready["parts"]["sealer"]
    assert (told["ok"], told["why"]) == (False, why)
    assert 'taskledger_part_up{part="sealer"} 0.0' in metrics


@contextmanager
def sealer_elsewhere(database: Database, report: Mapping[str, Any]) -> Iterator[None]:
    """One that says this of itself while the block runs."""
    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:
        superuser.execute(
            "INSERT INTO ops.processes (process, roles, started_at, report)"
            " VALUES ('elsewhere:1', '{sealer}', now(), %s::jsonb)",
            (json.dumps(report),),
        )
        try:
            yield
        finally:
            superuser.execute("DELETE FROM ops.processes WHERE process = 'elsewhere:1'")


async def test_the_documentation_needs_no_other_server(nobody: Api) -> None:
    for page in ("!/api/docs", "!/docs", "!/api/redoc"):
        html = (await nobody.send("GET", page)).text
        assert "/api/assets/" in html
        assert "//cdn" not in html
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "favicon.png"):
        assert (await nobody.send("GET", f"!/api/assets/{asset}")).status_code == 200


async def test_the_document_says_how_each_call_may_fail(nobody: Api) -> None:
    document = await nobody.get("!/api/openapi.json")
    assert document["openapi"] == "3.1.0"
    responses = document["components"]["responses"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            told = operation["responses"]
            assert operation["summary"], path
            assert "500" in told
            assert "503" in told
            if operation.get("security") != []:
                assert {"401", "422", "429"} <= told.keys(), (method, path)
            for status, response in told.items():
                if int(status) >= 400:
                    name = response["$ref"].rsplit("/", 1)[1]
                    assert "application/problem+json" in responses[name]["content"]
            # What is done to credentials and sessions is not kept to be answered again.
            takes_key = operation.get("security") != [] and not path.startswith("/api/v1/auth/")
            if method in ("post", "patch", "put", "delete") and takes_key:
                names = {each["name"] for each in operation["parameters"]}
                assert "Idempotency-Key" in names, (method, path)


async def test_without_postgresql_nothing_is_accepted_and_all_comes_back(
    parts: Parts, database: Database, nobody: Api, ada: Api
) -> None:
    settings = settings_of(parts, database)
    with served(settings) as running:
        async with httpx.AsyncClient(base_url=running.base_url, timeout=30) as http:
            someone = await Api(http, running.house.access_tokens.issue).register()
            task = await someone.task("Before")
            parts.postgres.kill()
            try:
                await _refused_while_gone(someone, task["id"])
            finally:
                parts.postgres.start()
            key = {"Idempotency-Key": uuid4().hex}
            await _comes_back(someone, "POST", "/tasks", {"title": "After"}, headers=key)
            listed = await _comes_back(someone, "GET", "/user/tasks")
            assert [each["title"] for each in listed["tasks"]] == ["After", "Before"]
            assert (await _comes_back(someone, "GET", "!/readyz"))["ready"]

    # The product of the other tests, which has met the same, is left as it was found.
    async def relay_is_back() -> bool:
        return bool((await _comes_back(nobody, "GET", "!/readyz"))["parts"]["relay"]["ok"])

    await until(relay_is_back, what="the relay")
    await _comes_back(ada, "POST", "/tasks", {"title": "After"})
    await _comes_back(ada, "GET", "/user/tasks")


async def _refused_while_gone(someone: Api, task_id: str) -> None:
    someone.position = 0
    for method, path, body in (
        ("POST", "/tasks", {"title": "Lost"}),
        ("PATCH", f"/tasks/{task_id}", {"title": "Lost"}),
        ("GET", f"/tasks/{task_id}", None),
        ("GET", "/tasks", None),
        ("POST", "/auth/login", {"username": "somebody", "password": "x"}),
    ):
        answer = await someone.send(method, path, body)
        assert answer.status_code == 503, (method, path, answer.text)
        assert answer.json()["code"] in ("dependency-down", "overloaded")
        assert int(answer.headers["Retry-After"]) > 0
    answer = await someone.send("GET", "!/readyz")
    assert answer.status_code == 503
    assert not answer.json()["parts"]["postgresql"]["ok"]
    assert (await someone.send("GET", "!/healthz")).status_code == 200
    assert (await someone.send("GET", "!/metrics")).status_code == 200


async def _comes_back(someone: Api, *call: Any, **options: Any) -> Any:
    """What is answered once it is not refused any more."""
    deadline = time.monotonic() + 60
    while True:
        answer = await someone.send(*call, **options)
        if answer.is_success:
            return answer.json()
        assert answer.status_code == 503
        assert time.monotonic() < deadline, f"{call} did not come back"
        await asyncio.sleep(0.1)


async def test_a_rebuild_that_loses_postgresql_says_that_it_goes_on(
    product: Product, product_database: Database
) -> None:
    class Lost:
        """Of all who look on, the one by whom the connection goes."""

        def to(self, done: int, of: int, events_per_s: float = 0.0) -> None: ...

        def stage(self, name: str) -> None:
            with psycopg.connect(product_database.superuser_url) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'rebuild'"
                )

    async with open_workplace(product.settings, "test") as workplace:
        with pytest.raises(Exit, match="run this again, and it goes on where it was") as ended:
            await rebuilt(workplace, FAVOURITES_VIEW, Lost(), compare=False)
    assert ended.value.code == PART_DOWN


async def test_two_products_over_one_database_lose_no_update(
    product: Product, parts: Parts, product_database: Database, ada: Api
) -> None:
    """Two API processes write one task: last write wins field by field, none is lost."""
    task = await ada.task("Start")
    path = f"/tasks/{task['id']}"
    with served(settings_of(parts, product_database), views=False) as other:
        async with httpx.AsyncClient(base_url=other.base_url, timeout=20) as http:
            there = Api(http, ada.issue, ada.token, ada.user)
            answers = await asyncio.gather(
                *(
                    client.send("PATCH", path, {field: f"{field} {number}"})
                    for number in range(10)
                    for client, field in ((ada, "title"), (there, "description"))
                )
            )
            assert {answer.status_code for answer in answers} <= {200, 409}
            done = [answer.json() for answer in answers if answer.status_code == 200]
            versions = sorted(each["version"] for each in done)
            assert versions == sorted(set(versions))
            now = await ada.get(path)
            assert now["version"] == versions[-1] == len(done) + 1
            assert now["title"].startswith("title ")
            assert now["description"].startswith("description ")


async def test_an_answer_says_which_parked_streams_it_is_without(
    product: Product, product_database: Database, ada: Api, bob: Api
) -> None:
    task = await ada.task()
    with psycopg.connect(product_database.superuser_url) as connection:
        connection.execute(
            "INSERT INTO ops.dead_letters SELECT name, version, generation, 1, %s, %s, 1, 'x'"
            " FROM ops.projection_pointers WHERE name = 'tasks'",
            (task["workspace_id"], task["id"]),
        )
    try:
        deadline = time.monotonic() + 10
        while "X-Stale-Streams" not in (answer := await ada.send("GET", "/tasks")).headers:
            assert time.monotonic() < deadline, "nobody was told"
            await asyncio.sleep(0.1)
        assert answer.headers["X-Stale-Streams"] == task["id"]
        assert "X-Stale-Streams" not in (await bob.send("GET", "/tasks")).headers
        assert "X-Stale-Streams" not in (await ada.send("GET", "/projects")).headers
        other = await ada.project("OTHER")
        elsewhere = await ada.send("GET", f"/tasks?project_id={other['id']}")
        assert "X-Stale-Streams" not in elsewhere.headers
        there = await ada.send("GET", f"/tasks?project_id={task['project_id']}")
        assert there.headers["X-Stale-Streams"] == task["id"]
    finally:
        with psycopg.connect(product_database.superuser_url) as connection:
            connection.execute("DELETE FROM ops.dead_letters")


async def test_a_parked_stream_is_named_to_nobody_who_may_not_see_it(
    product_database: Database, ada: Api, bob: Api
) -> None:
    workspace_id = str(ada.user["default_workspace_id"])
    await ada.project("HUSH", is_private=True)
    secret = await ada.task("Secret", project_id="HUSH")
    member = {"user_id": bob.user_id, "role": "member"}
    await ada.post(f"/workspaces/{workspace_id}/members", member)
    bob.position = ada.position
    with psycopg.connect(product_database.superuser_url) as connection:
        connection.execute(
            "INSERT INTO ops.dead_letters SELECT name, version, generation, 1, %s, %s, 1, 'x'"
            " FROM ops.projection_pointers WHERE name = 'tasks'",
            (workspace_id, secret["id"]),
        )
    try:
        path = f"/tasks?workspace_id={workspace_id}"
        assert (await ada.send("GET", path)).headers["X-Stale-Streams"] == secret["id"]
        assert "X-Stale-Streams" not in (await bob.send("GET", path)).headers
    finally:
        with psycopg.connect(product_database.superuser_url) as connection:
            connection.execute("DELETE FROM ops.dead_letters")


async def test_a_task_with_an_event_that_cannot_be_read_is_shown_as_it_was_seen_last(
    product: Product, product_database: Database, ada: Api, bob: Api
) -> None:
    task = await ada.task("Seen last")
    path = f"/tasks/{task['id']}"
    await ada.get("/tasks")  # the view has it
    set_head = "UPDATE log.stream_heads SET version = %s WHERE stream = %s"
    with unreadable(product_database, task["id"]) as connection:
        # As if something had followed that the view cannot take.
        connection.execute(set_head, (2, task["id"]))
        product.house.executor.states.forget(task["id"])
        answer = await ada.send("GET", path)
        assert (answer.status_code, answer.json()["title"]) == (200, "Seen last")
        assert answer.headers["X-Stale-Streams"] == task["id"]
        await bob.refused(404, "not-found", "GET", path)
        problem = await ada.refused(503, "dependency-down", "PATCH", path, {"title": "New"})
        assert "dead-letters" in problem["detail"]
        connection.execute(set_head, (1, task["id"]))


async def test_a_fault_of_ours_is_a_bare_500(product: Product, ada: Api) -> None:
    """A part that breaks in a way that nobody foresaw: here the key of the request digests."""
    key, product.house.request_digest_key = product.house.request_digest_key, None  # type: ignore[assignment]
    try:
        problem = await ada.refused(
            500, "internal", "POST", "/tasks", {"title": "x"}, headers={"Idempotency-Key": "x"}
        )
    finally:
        product.house.request_digest_key = key
    assert "detail" not in problem
    assert problem.keys() == {"type", "title", "status", "instance", "code", "request_id"}
