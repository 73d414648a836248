"""`taskledger replay` over the served product: it agrees with the API's `as_of`, and shows nobody
more than the doors do."""

import asyncio
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from api.cli.door import Door
from api.cli.exits import Exit
from api.cli.house import house_of
from api.cli.replay_frames import Period, give_frames
from api.cli.replay_opening import Opened
from api.cli.replay_sight import Sight
from api.cli.replay_stream import give_steps, give_then
from domain.errors import Refused
from infra.bootstrap import House
from infra.settings import child_environment
from tests.api.client import Api
from tests.api.damage import keyless, unreadable
from tests.api.product import Product
from tests.api.test_past import Past, steps
from tests.real import Database

# What an answer says otherwise: a band for a level, and people with their names.
OTHERWISE = {"priority", "updated_by"}


class Replay:
    """What the command prints as JSON, for one user, in a process that it does not start."""

    def __init__(self, house: House, capture: pytest.CaptureFixture[str]) -> None:
        self.house = house
        self.capture = capture

    async def steps(self, who: Api, ref: str) -> list[dict[str, Any]]:
        return await self._do(who, ref, lambda at: give_steps(at, **_STEPS))

    async def then(self, who: Api, ref: str, as_of: str) -> dict[str, Any]:
        (told,) = await self._do(who, ref, lambda at: give_then(at, as_of, None, as_json=True))
        return told

    async def frames(self, who: Api, ref: str, period: Period) -> list[dict[str, Any]]:
        return await self._do(who, ref, lambda at: give_frames(at, period, None, as_json=True))

    async def _do(self, who: Api, ref: str, work: Any) -> list[dict[str, Any]]:
        door = Door(self.house, who.user_id)
        sight = Sight(door)
        self.capture.readouterr()
        await work(Opened(self.house, door, sight, await sight.stream(ref, None)))
        return [json.loads(line) for line in self.capture.readouterr().out.splitlines()]


_STEPS = {"states": True, "as_json": True, "one_by_one": False}


@pytest.fixture
async def replay(product: Product, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Replay]:
    async with house_of(product.settings) as house:
        yield Replay(house, capsys)


def command(product: Product, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli.main", "replay", *arguments],
        capture_output=True,
        text=True,
        env=child_environment(product.settings.as_environment()),
        timeout=60,
        check=False,
    )


@settings(
    max_examples=2,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_every_interim_state_is_what_the_api_says_of_that_position(
    product: Product,
    capsys: pytest.CaptureFixture[str],
    steps: list[tuple[str, int, Any]],
) -> None:
    """The one folds the log, the other asks the view of the past."""

    async def live() -> None:
        async with (
            httpx.AsyncClient(base_url=product.base_url, timeout=20) as client,
            house_of(product.settings) as house,
        ):
            nobody = Api(client, product.house.access_tokens.issue)
            me, other = await nobody.register(), await nobody.register()
            workspace = me.user["default_workspace_id"]
            await me.post(f"/workspaces/{workspace}/members", {"user_id": other.user_id})
            home, away = await me.project("HOME"), await me.project("AWAY")
            past = Past(me, other, home["id"], away["id"])
            for step in steps:
                await past.do(*step)
            replay = Replay(house, capsys)
            for task in past.tasks:
                await agree_on_task(me, replay, task)
            for at in range(home["position"], me.position + 1, 3):
                then = await replay.then(me, "HOME", str(at))
                answer = await me.get(f"/projects/{home['id']}?as_of={at}")
                assert_same(then["state"], answer | {"position": then["position"]})
                stats = await me.get(f"/projects/{home['id']}/stats?as_of={at}")
                assert then["stats"] == stats

    asyncio.run(live())


async def agree_on_task(me: Api, replay: Replay, task: str) -> None:
    state: dict[str, Any] = {}
    for step in await replay.steps(me, task):
        answer = await me.get(f"/tasks/{task}?trashed=true&as_of={step['position']}")
        assert_same(step["state"], answer)
        assert step["state"]["updated_by"] == answer["updated_by"]["user_id"]
        assert applied(state, step["changes"]) == without_version(step["state"])
        state = step["state"]


def assert_same(state: dict[str, Any], answer: dict[str, Any]) -> None:
    shared = (state.keys() & answer.keys()) - OTHERWISE
    assert len(shared) > 10
    assert {name: state[name] for name in shared} == {name: answer[name] for name in shared}


def applied(state: dict[str, Any], changes: list[dict[str, Any]]) -> dict[str, Any]:
    """A state with the differences of the next event made in it."""
    made = json.loads(json.dumps(without_version(state)))
    for change in changes:
        field, _, entry = change["field"].partition(".")
        if not entry:
            made[field] = change["new_value"]
        elif change["new_value"] is None and change["old_value"] is not None:
            made[field].pop(entry)
        else:
            made.setdefault(field, {})[entry] = change["new_value"]
    return {name: value for name, value in made.items() if value}


def without_version(state: dict[str, Any]) -> dict[str, Any]:
    every = ("version", "position", "updated_at", "updated_by")
    return {name: value for name, value in state.items() if value and name not in every}


async def test_a_step_says_who_when_why_and_what_changed(ada: Api, replay: Replay) -> None:
    task = await ada.task("One", priority=5)
    await ada.patch(f"/tasks/{task['id']}", {"priority": 2})
    position = ada.position
    await ada.post(f"/tasks/{task['id']}/undo", {"position": position})
    made, raised, undone = await replay.steps(ada, task["key"])
    assert made["type"] == "TaskCreated.v1"
    assert {"field": "title", "old_value": None, "new_value": "One"} in made["changes"]
    assert raised["changes"] == [{"field": "priority", "old_value": 5, "new_value": 2}]
    assert raised["actor"]["user_id"] == ada.user_id
    assert (raised["position"], raised["via"]) == (position, "api")
    assert undone["changes"] == [{"field": "priority", "old_value": 2, "new_value": 5}]
    assert undone["caused_by"]
    then = await replay.then(ada, task["id"], raised["recorded_at"])
    assert (then["position"], then["state"]) == (position, raised["state"])


async def test_nobody_replays_what_the_doors_hide_from_them(
    ada: Api, bob: Api, replay: Replay
) -> None:
    workspace = ada.user["default_workspace_id"]
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": bob.user_id})
    shut = await ada.project("SHUT", is_private=True)
    open_ = await ada.project("OPEN")
    task = await ada.task("Hidden", project_id=shut["id"])
    other = await ada.task("Other", project_id=shut["id"])
    await ada.post(f"/tasks/{task['id']}/dependencies", {"blocks_task_id": other["id"]})
    comment = await ada.post(f"/tasks/{other['id']}/comments", {"text": "Said"})
    view = await ada.post(
        "/views", {"name": "Mine", "workspace_id": workspace, "query": "status = done"}
    )
    await ada.post(f"/tasks/{task['id']}/move", {"project_id": open_["id"]})
    bob.position = ada.position
    await bob.get(f"/tasks/{task['id']}")  # the views have come so far
    graph = f"graph_{workspace.partition('_')[2]}"
    theirs = (ada.user_id, view["id"])
    for hidden in (other["id"], shut["id"], comment["id"], workspace, graph, *theirs):
        assert await replay.steps(ada, hidden), hidden
        with pytest.raises(Refused, match="no such stream"):
            await replay.steps(bob, hidden)
    with pytest.raises(Refused, match="no such"):
        await replay.frames(bob, shut["id"], Period(None, None, 2, 25, None))

    # Of the task that left the private project, only what it was since it came out of there.
    whole = await replay.steps(ada, task["id"])
    seen = await replay.steps(bob, task["id"])
    assert [each["position"] for each in seen] == [
        each["position"] for each in whole if each["state"]["project_id"] == open_["id"]
    ]
    assert whole[-1]["state"]["dependencies"]
    assert not seen[-1]["state"]["dependencies"]
    assert shut["id"] not in json.dumps(seen)


async def test_frames_are_the_boards_of_their_moments(
    product: Product, ada: Api, replay: Replay, tmp_path: Path
) -> None:
    project = await ada.project("FILM")
    for number in range(3):
        task = await ada.task(f"</script> {number}", project_id=project["id"])
        await ada.patch(f"/tasks/{task['id']}", {"status": "in_progress"})
    await ada.get("/tasks")
    period = Period(None, str(ada.position), 5, 25, None)
    frames = await replay.frames(ada, "FILM", period)
    assert len(frames) == 5
    for frame in frames:
        assert frame["board"] == await ada.get(f"/projects/FILM/board?as_of={frame['at']}")
        assert frame["stats"] == await ada.get(f"/projects/FILM/stats?as_of={frame['at']}")
    assert frames[0]["stats"]["total_tasks"] == 0
    assert frames[-1]["stats"]["by_status"]["in_progress"] == 3

    out = tmp_path / "film.html"
    asked = ("--to", str(ada.position), "--frames", "5", "--out", str(out), "--json")
    told = await asyncio.to_thread(command, product, project["id"], *asked)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {
        "file": str(out),
        "frames": 5,
        "bytes": len(out.read_bytes()),
    }
    page = out.read_text()
    assert "default-src 'none'" in page
    assert page.count("</script>") == 2  # a title that looks like an end ends nothing
    for name in ("style", "script"):
        (held,) = re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in page


async def test_what_was_erased_or_damaged_is_said(
    product_database: Database, ada: Api, bob: Api, replay: Replay
) -> None:
    workspace = ada.user["default_workspace_id"]
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": bob.user_id})
    task = await ada.task("By Ada")
    path = f"/tasks/{task['id']}"
    bob.position = ada.position
    await bob.patch(path, {"title": "By Bob"})
    with keyless(product_database, bob.user_id):
        *_, last = await replay.steps(ada, task["id"])
    assert last["state"]["title"] is None
    assert last["erased"] == ["title"]
    assert {"field": "title", "old_value": "By Ada", "new_value": None} in last["changes"]

    broken = await ada.task("Broken")
    position = str(ada.position)
    with unreadable(product_database, broken["id"]):
        with pytest.raises(Exit, match="1 of its events cannot be read") as ended:
            await replay.steps(ada, broken["id"])
        assert ended.value.code == 1
        (told,) = map(json.loads, replay.capture.readouterr().out.splitlines())
        assert (told["unreadable"], told["type"]) == (True, "TaskCreated.v1")
        with pytest.raises(Exit, match="cannot be read"):
            await replay.then(ada, broken["id"], position)


@pytest.mark.parametrize(
    ("as_of", "says"),
    [
        ("yesterday", "time"),
        ("9" * 30, "log"),
        ("9" * 60, "50 characters"),
        ("2999-01-01T00:00:00Z", "not come"),
        ("0", "not there yet"),
    ],
)
async def test_what_is_no_moment_of_it_is_refused(
    ada: Api, replay: Replay, as_of: str, says: str
) -> None:
    task = await ada.task()
    with pytest.raises(Refused, match=says):
        await replay.then(ada, task["id"], as_of)


async def test_only_a_project_has_frames(ada: Api, replay: Replay) -> None:
    task = await ada.task()
    with pytest.raises(Refused, match="Only a project"):
        await replay.frames(ada, task["id"], Period(None, None, 2, 25, None))
    with pytest.raises(Refused, match="before --from"):
        await replay.frames(ada, task["project_id"], Period("9", "1", 2, 25, None))


def unread(product: Product, *arguments: str) -> tuple[int, str]:
    """The exit code, and what is said on stderr, where what it prints into is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(product.settings.as_environment()),
        timeout=60,
        check=False,
    )
    os.close(writing)
    return done.returncode, done.stderr


async def test_what_nobody_reads_on_ends_without_a_word(product: Product, ada: Api) -> None:
    task = await ada.task()
    for arguments in (("replay", task["id"]), ("--help",)):
        assert unread(product, *arguments) == (141, ""), arguments
