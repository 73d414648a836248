"""What is changed once and from the version that was seen: `If-Match` and `Idempotency-Key`."""

import asyncio
from uuid import uuid4

import pytest

from tests.api.client import Api, pointers


async def test_if_match_takes_the_present_version_only(ada: Api) -> None:
    task = await ada.task("One")
    path = f"/tasks/{task['id']}"
    tag = (await ada.send("GET", path)).headers["ETag"]
    answer = await ada.send("PATCH", path, {"title": "Two"}, headers={"If-Match": tag})
    assert answer.status_code == 200
    newer = answer.headers["ETag"]
    assert newer.startswith('"2-')
    problem = await ada.refused(
        412, "version-stale", "PATCH", path, {"title": "Three"}, headers={"If-Match": tag}
    )
    assert (problem["current_version"], problem["changed_fields"]) == (2, ["title"])
    for fitting in (f"{tag}, {newer}", "*", f"W/{newer}"):
        answer = await ada.send("PATCH", path, {"title": "Two"}, headers={"If-Match": fitting})
        assert answer.status_code == 200, answer.text
    await ada.refused(
        422, "validation-failed", "PATCH", path, {"title": "x"}, headers={"If-Match": "2"}
    )
    await ada.refused(412, "version-stale", "DELETE", path, headers={"If-Match": tag})


async def test_the_tag_covers_peoples_names(ada: Api) -> None:
    task = await ada.task()
    path = f"/tasks/{task['id']}"
    before = (await ada.send("GET", path)).headers["ETag"]
    unchanged = await ada.send("GET", path, headers={"If-None-Match": before})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    await ada.patch("/users/me", {"name": "Countess"})
    after = await ada.send("GET", path, headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after.json()["creator"]["name"] == "Countess"
    assert after.headers["ETag"] != before


async def test_who_one_is_is_sent_once(ada: Api) -> None:
    before = (await ada.send("GET", "/users/me")).headers["ETag"]
    held = await ada.send("GET", "/users/me", headers={"If-None-Match": before})
    assert (held.status_code, held.content, held.headers["ETag"]) == (304, b"", before)
    await ada.patch("/users/me", {"name": "Countess"})
    after = await ada.send("GET", "/users/me", headers={"If-None-Match": before})
    assert (after.status_code, after.json()["name"]) == (200, "Countess")


async def test_the_same_key_gives_the_first_answer_again(ada: Api) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    first = await ada.send("POST", "/tasks", {"title": "Once"}, headers=key)
    again = await ada.send("POST", "/tasks", {"title": "Once"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Log-Position"] == first.headers["X-Log-Position"]
    await ada.refused(
        422, "idempotency-key-reused", "POST", "/tasks", {"title": "Twice"}, headers=key
    )
    mine = await ada.get("/user/tasks")
    assert [task["title"] for task in mine["tasks"]] == ["Once"]


async def test_a_retry_with_a_stale_if_match_gets_the_first_answer(ada: Api) -> None:
    task = await ada.task("One")
    path = f"/tasks/{task['id']}"
    tag = (await ada.send("GET", path)).headers["ETag"]
    headers = {"Idempotency-Key": uuid4().hex, "If-Match": tag}
    first = await ada.send("PATCH", path, {"title": "Two"}, headers=headers)
    await ada.patch(path, {"title": "Three"})
    again = await ada.send("PATCH", path, {"title": "Two"}, headers=headers)
    assert again.status_code == 200
    assert again.json()["title"] == "Two"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["version"] == first.json()["version"]


async def test_a_retried_delete_answers_204_again(ada: Api) -> None:
    task = await ada.task()
    key = {"Idempotency-Key": uuid4().hex}
    for replayed in (None, "true"):
        answer = await ada.send("DELETE", f"/tasks/{task['id']}", headers=key)
        assert answer.status_code == 204
        assert answer.headers.get("Idempotency-Replayed") == replayed


async def test_requests_with_one_key_at_the_same_time_do_it_once(ada: Api) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(
        *(ada.send("POST", "/tasks", {"title": "Once"}, headers=key) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_key_belongs_to_its_caller(ada: Api, bob: Api) -> None:
    key = {"Idempotency-Key": "the same"}
    one = await ada.send("POST", "/tasks", {"title": "Mine"}, headers=key)
    other = await bob.send("POST", "/tasks", {"title": "Mine"}, headers=key)
    assert one.json()["id"] != other.json()["id"]


async def test_refusals_are_not_remembered(ada: Api) -> None:
    task = await ada.task()
    key = {"Idempotency-Key": uuid4().hex}
    path = f"/tasks/{task['id']}"
    await ada.delete(path)
    await ada.refused(409, "trashed", "PATCH", path, {"title": "x"}, headers=key)
    await ada.post(f"{path}/restore")
    answer = await ada.send("PATCH", path, {"title": "x"}, headers=key)
    assert answer.status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_cannot_be_one_is_refused(ada: Api, key: str) -> None:
    problem = await ada.refused(
        422, "validation-failed", "POST", "/tasks", {"title": "x"}, headers={"Idempotency-Key": key}
    )
    assert pointers(problem) == ["/headers/Idempotency-Key"]
