"""Single resources are never stale: where no view follows the log, they are folded from it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from infra.ids import new_id
from tests.api.client import Api
from tests.api.product import served, settings_of
from tests.real import Database, Parts


@pytest.fixture(params=["never built", "behind"])
async def api(
    request: pytest.FixtureRequest, parts: Parts, database: Database
) -> AsyncIterator[Api]:
    """Over a log whose views were never built, or were built and then left standing."""
    settings = settings_of(parts, database)
    if request.param == "behind":
        with served(settings):
            pass
    with served(settings, views=False) as running:
        async with httpx.AsyncClient(base_url=running.base_url, timeout=20) as http:
            someone = await Api(http, running.house.access_tokens.issue).register()
            yield someone


async def _now(api: Api, path: str) -> httpx.Response:
    """Without waiting for any position."""
    api.position = 0
    return await api.send("GET", path)


async def test_what_was_written_is_read_although_no_view_has_it(api: Api) -> None:
    project = await api.project("NOW")
    task = await api.task("First", project_id=project["id"])
    changed = await api.patch(f"/tasks/{task['id']}", {"title": "Second", "status": "in_progress"})
    comment = await api.post(f"/tasks/{task['id']}/comments", {"text": "Said"})
    read = await _now(api, f"/tasks/{task['id']}")
    assert read.json() == changed
    assert changed["creator"]["name"] == api.user["name"]
    assert read.headers["ETag"].startswith('"3-')
    assert int(read.headers["X-Log-Position"]) >= changed["position"]
    assert (await _now(api, f"/comments/{comment['id']}")).json() == comment
    assert (await _now(api, f"/projects/{project['id']}")).json() == project
    for part in ("workflow", "columns", "fields"):
        assert (await _now(api, f"/projects/{project['id']}/{part}")).status_code == 200
    assert (await _now(api, "/users/me")).json()["name"] == api.user["name"]
    assert (await _now(api, "/workspaces/" + task["workspace_id"])).status_code == 200
    await api.delete(f"/tasks/{task['id']}")
    assert (await _now(api, f"/tasks/{task['id']}")).status_code == 404
    assert (await _now(api, f"/tasks/{task['id']}?trashed=true")).json()["title"] == "Second"


async def test_strangers_see_nothing_of_it_either(api: Api) -> None:
    task = await api.task()
    stranger = await api.register()
    for path in (f"/tasks/{task['id']}", f"/tasks/{new_id('task')}"):
        assert (await _now(stranger, path)).status_code == 404
    assert (await _now(stranger, f"/projects/{task['project_id']}")).status_code == 404
