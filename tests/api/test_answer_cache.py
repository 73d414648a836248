"""Lists and boards that are asked again: never older than what was applied, and 304 where the
client holds them."""

import asyncio
import gzip
import itertools
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from projections.activity import ACTIVITY_VIEW
from projections.board import BOARD_VIEW
from projections.tasks import TASKS_VIEW
from tests.api.client import Api
from tests.api.product import Product, served, settings_of
from tests.real import Database, Parts


@pytest.fixture
def given(product: Product) -> Callable[[], int]:
    """How many lists and boards were given again since the test began."""
    kept = product.house.answer_cache
    before = kept.given
    return lambda: kept.given - before


def titles(answer: Any) -> dict[str, str]:
    columns = answer.get("columns", ())
    rows = answer.get("tasks", [card for each in columns for card in each["cards"]])
    return {row["id"]: row["title"] for row in rows}


async def test_no_answer_lacks_what_was_applied_while_all_write_and_read(
    ada: Api, given: Callable[[], int]
) -> None:
    """Each answer shows, of every task, the last title up to the position that it names."""
    projects = [(await ada.project(key))["id"] for key in ("ONE", "TWO")]
    tasks = [await ada.task("0", project_id=projects[n % 2]) for n in range(6)]
    written = {task["id"]: [(task["position"], "0")] for task in tasks}
    where = {task["id"]: task["project_id"] for task in tasks}
    seen: list[tuple[str, int, int, dict[str, str]]] = []
    done = asyncio.Event()
    random.seed(7)

    async def write(task_id: str) -> None:
        writer = ada.with_token(ada.token)
        # Until enough was answered from what is kept, however busy the machine is.
        for number in itertools.count(1):
            if number > 12 and given() > 20:
                return
            path = f"/tasks/{task_id}"
            answer = await writer.send("PATCH", path, {"title": str(number)})
            written[task_id].append((int(answer.headers["X-Log-Position"]), str(number)))
            ada.position = max(ada.position, writer.position)

    async def read(path: str, project_id: str) -> None:
        reader = ada.with_token(ada.token)
        while not done.is_set():
            # Now and then what has just been written, else whatever there is.
            reader.position = ada.position if random.random() < 0.5 else 0
            answer = await reader.send("GET", path)
            assert answer.status_code == 200
            shown = int(answer.headers["X-Log-Position"])
            assert shown >= reader.position
            seen.append((project_id, reader.position, shown, titles(answer.json())))

    paths = [
        (path.format(each), each)
        for each in projects
        for path in ("/tasks?project_id={}&limit=50", "/projects/{}/board")
    ]
    readers = [asyncio.create_task(read(*each)) for each in paths * 2]
    await asyncio.gather(*(write(task["id"]) for task in tasks))
    done.set()
    await asyncio.gather(*readers)
    wrong = []
    for project_id, wanted, position, shown in seen:
        upto = {
            task_id: [title for at, title in titled if at <= position][-1:]
            for task_id, titled in written.items()
            if where[task_id] == project_id and titled[0][0] <= position
        }
        if shown != {task_id: title for task_id, (title,) in upto.items()}:
            wrong.append((project_id, wanted, position, shown))
    assert wrong == []
    assert len(seen) > given()


async def test_what_happens_elsewhere_leaves_an_answer_and_what_concerns_it_does_not(
    ada: Api, given: Callable[[], int]
) -> None:
    here, there = (await ada.project("HERE"))["id"], (await ada.project("THERE"))["id"]
    parent = await ada.task("Parent", project_id=here)
    other = await ada.task("Other", project_id=there)
    listing, board = f"/tasks?project_id={here}", f"/projects/{here}/board"

    async def shown() -> tuple[Any, Any]:
        answer = await ada.get(listing)
        cards = [c for each in (await ada.get(board))["columns"] for c in each["cards"]]
        (row,), (card,) = answer["tasks"], cards
        return row, card

    await shown()
    await shown()
    assert given() == 0
    await ada.patch(f"/tasks/{other['id']}", {"title": "Elsewhere"})
    assert [each["title"] for each in await shown()] == ["Parent", "Parent"]
    assert given() == 2
    # A subtask in another project changes the progress of its parent here.
    child = await ada.task("Child", project_id=there, parent_task_id=parent["id"])
    assert [each["progress"] for each in await shown()] == [{"done": 0, "total": 1}] * 2
    below = await ada.task("Below", project_id=there, parent_task_id=child["id"])
    assert [each["progress"] for each in await shown()] == [{"done": 0, "total": 2}] * 2
    for status in ("in_progress", "in_review", "done"):
        await ada.patch(f"/tasks/{below['id']}", {"status": status})
    assert [each["progress"] for each in await shown()] == [{"done": 1, "total": 2}] * 2
    await ada.put(f"/tasks/{child['id']}/parent", {"parent_task_id": None})
    assert [each["progress"] for each in await shown()] == [{"done": 0, "total": 0}] * 2
    # A comment belongs to the task wherever that was when it was written.
    comment = await ada.post(f"/tasks/{other['id']}/comments", {"text": "Said there"})
    await ada.delete(f"/tasks/{parent['id']}")
    await ada.post(f"/tasks/{other['id']}/move", {"project_id": here})
    assert [each["comment_count"] for each in await shown()] == [1, 1]
    await ada.delete(f"/comments/{comment['id']}")
    assert [each["comment_count"] for each in await shown()] == [0, 0]
    # Names and labels are filled in later, and are no part of what is kept.
    await ada.patch(f"/tasks/{other['id']}", {"assignee_id": ada.user_id})
    await shown()
    await ada.patch("/users/me", {"name": "Ada Renamed"})
    for row in await shown():
        assert [each["name"] for each in row["assignees"]] == ["Ada Renamed"]


async def test_nothing_is_kept_where_the_setting_says_so(parts: Parts, database: Database) -> None:
    with served(settings_of(parts, database, answer_cache_mib=0)) as running:
        async with httpx.AsyncClient(base_url=running.base_url, timeout=20) as http:
            someone = await Api(http, running.house.access_tokens.issue).register()
            project = (await someone.project("HERE"))["id"]
            task = await someone.task("Alone", project_id=project)
            for _ in range(3):
                answer = await someone.get(f"/tasks?project_id={project}")
                assert titles(answer) == {task["id"]: "Alone"}
    kept = running.house.answer_cache
    assert (kept.given, kept.asked) == (0, 3)


async def test_what_is_given_again_says_to_each_reader_what_is_so_now(
    ada: Api, bob: Api, given: Callable[[], int]
) -> None:
    """As it left last it leaves only where all that is filled in is the same: a name, a label, and
    whether its reader may see another task."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    place = f"/workspaces/{workspace['id']}"
    await ada.post(f"{place}/members", {"user_id": bob.user_id})
    project = await ada.project("OPEN", workspace_id=workspace["id"])
    hidden = await ada.project("HID", workspace_id=workspace["id"], is_private=True)
    task = await ada.task(project_id=project["id"], tags=["Backend"])
    other = await ada.task(project_id=hidden["id"])
    blocked = {"to_task_id": other["id"], "dependency_type": "blocked_by"}
    await ada.post(f"/tasks/{task['id']}/dependencies", blocked)
    path = f"/tasks?project_id={project['id']}"

    async def told(who: Api) -> tuple[str, str, list[str], list[str]]:
        who.position = max(ada.position, bob.position)
        answer = await who.send("GET", path)
        (row,) = answer.json()["tasks"]
        return answer.headers["ETag"], row["creator"]["name"], row["tags"], row["blocked_by"]

    async def told_to_both() -> tuple[str, str]:
        (mine, name, tags, blocking), (theirs, *same, blocking_theirs) = [
            await told(each) for each in (ada, bob)
        ]
        assert same == [name, tags]
        assert (blocking, blocking_theirs) == ([other["id"]], [])
        assert mine != theirs
        for who, tag in ((ada, mine), (bob, theirs)):
            held = await who.send("GET", path, headers={"If-None-Match": tag})
            assert (held.status_code, held.content) == (304, b"")
            held = await who.send("GET", path, headers={"If-None-Match": f'{tag[:-2]}x"'})
            assert held.status_code == 200
        return mine, theirs

    tags = {*await told_to_both(), *await told_to_both()}
    assert len(tags) == 2
    before = given()
    assert before > 0
    await ada.patch("/users/me", {"name": "Ada Renamed"})
    assert (await told(bob))[1] == "Ada Renamed"
    assert tags.isdisjoint(renamed := await told_to_both())
    (label,) = (await ada.get(f"{place}/labels"))["labels"]
    await ada.patch(f"{place}/labels/{label['id']}", {"name": "Server"})
    assert (await told(bob))[2] == ["Server"]
    assert {*tags, *renamed}.isdisjoint(await told_to_both())
    await ada.patch(f"/projects/{hidden['id']}", {"is_private": False})
    assert (await told(bob))[3] == [other["id"]]
    assert (await told(ada))[0] == (await told(bob))[0]
    assert given() > before


def test_activity_has_a_row_for_whatever_changes_a_task_or_a_card() -> None:
    """What is kept holds until activity has something new, so it must hear of as much."""
    graphs = {event for event in TASKS_VIEW.folds if event.__name__.startswith("Dependency")}
    heard = {*TASKS_VIEW.folds, *BOARD_VIEW.folds} - graphs
    assert heard <= set(ACTIVITY_VIEW.folds)


@pytest.mark.parametrize(
    "path", ["/tasks?project_id=COND", "/projects/COND/board", "/user/tasks", "column"]
)
async def test_a_client_that_holds_an_answer_is_told_so(ada: Api, path: str) -> None:
    project = await ada.project("COND")
    task = await ada.task("Held", project_id=project["id"], assignee_id=ada.user_id)
    if path == "column":
        columns = (await ada.get(f"/projects/{project['id']}/board"))["columns"]
        path = f"/projects/COND/board/columns/{columns[0]['id']}"
    first = await ada.send("GET", path)
    assert first.status_code == 200
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Vary"] == "authorization, accept-encoding"
    for held in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = await ada.send("GET", path, headers={"If-None-Match": held})
        assert (again.status_code, again.content) == (304, b""), held
        assert again.headers["ETag"] == tag
        assert int(again.headers["X-Log-Position"]) >= int(first.headers["X-Log-Position"])
    # The head of the log moves on, and what the answer says does not.
    await ada.task("Elsewhere")
    elsewhere = "/user/tasks" if path == "/user/tasks" else None
    again = await ada.send("GET", path, headers={"If-None-Match": tag})
    assert again.status_code == (200 if elsewhere else 304)
    await ada.patch(f"/tasks/{task['id']}", {"title": "Changed"})
    changed = await ada.send("GET", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    await ada.refused(422, "validation-failed", "GET", path, headers={"If-None-Match": "held"})


async def test_a_large_answer_is_packed_for_whoever_asks(ada: Api, http: Any) -> None:
    project = await ada.project("LARGE")
    text = "What is known so far, in a few sentences as people write them. " * 60
    for number in range(20):
        await ada.task(f"Task {number}", project_id=project["id"], description=text)
    path = f"/tasks?project_id={project['id']}"
    plain = await ada.send("GET", path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    headers = {
        "Authorization": f"Bearer {ada.token}",
        "Accept-Encoding": "gzip",
        "X-Min-Log-Position": str(ada.position),
    }
    async with http.stream("GET", f"/api/v1{path}", headers=headers) as answer:
        raw = b"".join([each async for each in answer.aiter_raw()])
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(raw) < len(plain.content) // 5
    assert gzip.decompress(raw) == plain.content
    assert answer.headers["ETag"] == plain.headers["ETag"]
    held = await ada.send("GET", path, headers={"If-None-Match": plain.headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")
    small = await ada.send("GET", f"/tasks?project_id={project['id']}&limit=1")
    assert "Content-Encoding" not in small.headers
