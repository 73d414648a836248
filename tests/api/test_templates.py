"""Templates of tasks and projects, over HTTP."""

from typing import Any

import pytest

from infra.ids import new_id
from tests.api.client import Api, pointers

TALK: dict[str, Any] = {
    "name": "A talk",
    "tasks": [
        {
            "title": "Talk about {{topic}}",
            "description": "In {{city}}, about {{topic}}.",
            "priority": "high",
            "tags": ["talk"],
            "due_in": "P2W",
            "subtasks": [
                {"title": "Slides", "ref": "slides", "due_in": "P1W", "start_in": "P0D"},
                {"title": "Rehearse", "depends_on": ["slides"], "due_in": "P10D"},
            ],
        }
    ],
}


async def test_a_task_with_all_below_it_is_made_in_one_commit(ada: Api) -> None:
    template = await ada.post("/templates", TALK)
    assert (template["kind"], template["task_count"]) == ("task", 3)
    assert template["variables"] == ["topic", "city"]
    project = await ada.project("TALK")
    body = {
        "project_id": "TALK",
        "start_date": "2030-03-01",
        "variables": {"topic": "replay", "city": "Berlin"},
    }
    made = await ada.post(f"/templates/{template['id']}/use", body)
    assert made["title"] == "Talk about replay"
    assert made["description"] == "In Berlin, about replay."
    assert (made["due_date"], made["due_all_day"]) == ("2030-03-15T23:59:59Z", True)
    assert (made["project_id"], made["priority"], made["tags"]) == (project["id"], "high", ["talk"])
    assert made["progress"] == {"done": 0, "total": 2}
    slides, rehearse = (await ada.get(f"/tasks/{made['id']}/subtasks?sort_by=key"))["tasks"]
    assert (slides["title"], slides["start_date"]) == ("Slides", "2030-03-01T00:00:00Z")
    assert rehearse["blocked_by"] == [slides["id"]]
    entries = (await ada.get("/projects/TALK/activity"))["activities"]
    assert len({each["command_id"] for each in entries if each["task_id"]}) == 1


async def test_a_task_is_kept_as_a_template_with_its_days(ada: Api) -> None:
    project = await ada.project("KEEP")
    fields = [{"key": "size", "name": "Size", "type": "number"}]
    await ada.put("/projects/KEEP/fields", {"fields": fields})
    top = await ada.task(
        "Ship {{name}}",
        project_id=project["id"],
        start_date="2030-01-01",
        due_date="2030-01-08",
        fields={"size": 3},
        tags=["box"],
    )
    await ada.task("Pack", parent_task_id=top["id"], due_date="2030-01-03")
    template = await ada.post("/templates", {"name": "Shipping", "from_task_id": top["key"]})
    days = [(each["start_in"], each["due_in"]) for each in template["tasks"]]
    assert days == [("P0D", "P7D"), (None, "P2D")]
    made = await ada.post(
        f"/templates/{template['id']}/use",
        {"project_id": "KEEP", "start_date": "2031-06-01", "variables": {"name": "it"}},
    )
    assert (made["title"], made["fields"], made["tags"]) == ("Ship it", {"size": 3}, ["box"])
    assert made["due_date"] == "2031-06-08T23:59:59Z"


async def test_a_template_is_kept_where_what_it_is_made_from_is(ada: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Elsewhere"})
    await ada.project("ELSE", workspace_id=workspace["id"])
    await ada.task("Kept", project_id="ELSE")
    for source in ({"from_task_id": "ELSE-1"}, {"from_project_id": "ELSE"}):
        template = await ada.post("/templates", {"name": "From there", **source})
        assert template["workspace_id"] == workspace["id"]


async def test_a_project_is_made_as_another_one_is_set_up(ada: Api) -> None:
    await ada.project("OLD")
    workflow = {
        "initial": "new",
        "statuses": [
            {"key": "new", "name": "New", "category": "todo"},
            {"key": "over", "name": "Over", "category": "done"},
        ],
        "transitions": [{"from": "new", "to": "over"}],
        "move_to": dict.fromkeys(
            ("todo", "in_progress", "in_review", "blocked", "done", "cancelled"), "new"
        ),
    }
    await ada.put("/projects/OLD/workflow", workflow)
    fields = [{"key": "size", "name": "Size", "type": "choice", "options": ["S", "L"]}]
    await ada.put("/projects/OLD/fields", {"fields": fields})
    first = await ada.task("First", project_id="OLD")
    await ada.task("Second", project_id="OLD", depends_on=[first["id"]], fields={"size": "L"})
    template = await ada.post("/templates", {"name": "Set-up", "from_project_id": "OLD"})
    made = await ada.post(f"/templates/{template['id']}/use", {"name": "Another", "key": "NEW"})
    assert (made["key"], made["name"]) == ("NEW", "Another")
    assert [each["key"] for each in (await ada.get("/projects/NEW/workflow"))["statuses"]] == [
        "new",
        "over",
    ]
    tasks = (await ada.get("/tasks?project_id=NEW&sort_by=key"))["tasks"]
    assert [(each["key"], each["status"]) for each in tasks] == [("NEW-1", "new"), ("NEW-2", "new")]
    assert tasks[1]["fields"] == {"size": "L"}
    assert tasks[1]["is_blocked"]


async def test_a_task_below_one_that_was_made_later_is_made_after_it(ada: Api) -> None:
    await ada.project("LATE")
    first = await ada.task("First", project_id="LATE")
    second = await ada.task("Second", project_id="LATE")
    await ada.put(f"/tasks/{first['id']}/parent", {"parent_task_id": second["id"]})
    template = await ada.post("/templates", {"name": "Late", "from_project_id": "LATE"})
    below = [(each["title"], each["below"]) for each in template["tasks"]]
    assert below == [("Second", None), ("First", template["tasks"][0]["ref"])]
    await ada.post(f"/templates/{template['id']}/use", {"key": "AGAIN"})
    tasks = (await ada.get("/tasks?project_id=AGAIN&sort_by=key"))["tasks"]
    assert [each["title"] for each in tasks] == ["Second", "First"]
    assert tasks[1]["parent_task_id"] == tasks[0]["id"]


async def test_templates_are_listed_by_name_changed_deleted_and_restored(ada: Api) -> None:
    one = await ada.post("/templates", TALK)
    await ada.post("/templates", TALK | {"name": "A battle"})
    listed = (await ada.get("/templates"))["templates"]
    assert [each["name"] for each in listed] == ["A battle", "A talk"]
    path = f"/templates/{one['id']}"
    assert (await ada.patch(path, one))["tasks"] == one["tasks"]
    changed = await ada.patch(path, {"name": "A speech", "tasks": [{"title": "Speak"}]})
    assert (changed["name"], changed["task_count"], changed["variables"]) == ("A speech", 1, [])
    await ada.delete(path)
    await ada.refused(404, "not-found", "GET", path)
    await ada.refused(409, "trashed", "POST", f"{path}/use", {"project_id": new_id("proj")})
    assert len((await ada.get("/templates"))["templates"]) == 1
    restored = await ada.post(f"{path}/restore")
    assert restored["name"] == "A speech"


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"name": " ", "tasks": TALK["tasks"]}, "/name"),
        ({"name": "x"}, "/tasks"),
        ({"name": "x", "tasks": [{"title": "a"}, {"title": "b"}]}, "/tasks"),
        ({"name": "x", "tasks": [{"title": " "}]}, "/tasks/0/title"),
        ({"name": "x", "tasks": [{"title": "a", "due_in": "PT3H"}]}, "/tasks/0/due_in"),
        (
            {
                "name": "x",
                "tasks": [{"title": "a", "subtasks": [{"title": "b", "depends_on": ["c"]}]}],
            },
            "/tasks/0/subtasks/0/depends_on/0",
        ),
        ({"name": "x", "tasks": [{"title": "a", "wings": 2}]}, "/tasks/0/wings"),
        ({"name": "x", "tasks": [{"title": "a"}], "from_task_id": "ME-1"}, "/from_task_id"),
    ],
)
async def test_what_is_wrong_with_a_template_is_named(
    ada: Api, body: dict[str, Any], at: str
) -> None:
    problem = await ada.refused(422, "validation-failed", "POST", "/templates", body)
    assert pointers(problem) == [at]


async def test_what_is_wrong_with_its_use_is_named(ada: Api) -> None:
    template = await ada.post("/templates", TALK)
    path = f"/templates/{template['id']}/use"
    for body, at in (
        ({"project_id": "ME"}, ["/variables/city", "/variables/topic"]),
        ({"variables": {"topic": "a", "city": "b"}}, ["/project_id"]),
        (
            {"project_id": "ME", "variables": {"topic": "a", "city": "b", "age": "c"}},
            ["/variables/age"],
        ),
        (
            {
                "project_id": "ME",
                "variables": {"topic": "a", "city": "b"},
                "start_date": "2030-02-30",
            },
            ["/start_date"],
        ),
        (
            {"project_id": "ME", "variables": {"topic": "a" * 499, "city": "b"}},
            ["/template_id"],
        ),
        (
            {"project_id": new_id("proj"), "variables": {"topic": "a", "city": "b"}},
            ["/project_id"],
        ),
    ):
        problem = await ada.refused(422, "validation-failed", "POST", path, body)
        assert pointers(problem) == at


async def test_what_a_project_requires_is_filled_by_its_default_or_asked_for(ada: Api) -> None:
    project = await ada.project("REQ")
    fields = f"/projects/{project['id']}/fields"
    size = {"key": "size", "name": "Size", "type": "text", "required_at": ["todo"]}
    kept = await ada.put(fields, {"fields": [size]})
    template = await ada.post("/templates", TALK)
    used = (
        f"/templates/{template['id']}/use",
        {
            "project_id": project["id"],
            "variables": {"topic": "a", "city": "b"},
        },
    )
    problem = await ada.refused(422, "validation-failed", "POST", *used)
    assert pointers(problem) == ["/template_id"]
    assert "/fields/size" in problem["errors"][0]["detail"]
    filled = kept["fields"][0] | {"default": "small"}
    await ada.put(fields, {"fields": [filled]})
    assert (await ada.post(*used))["fields"] == {"size": "small"}


async def test_guests_and_strangers_see_no_templates(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    template = await ada.post("/templates", TALK | {"workspace_id": workspace["id"]})
    path = f"/templates/{template['id']}"
    for role in (None, "guest"):
        if role is not None:
            members = f"/workspaces/{workspace['id']}/members"
            await ada.post(members, {"user_id": bob.user_id, "role": role})
        said = [
            await bob.refused(404, "not-found", "GET", f"/templates/{each}")
            for each in (template["id"], new_id("tmpl"))
        ]
        assert said[0]["detail"] == said[1]["detail"]
        for method, at, body in (
            ("PATCH", path, {"name": "x"}),
            ("DELETE", path, None),
            ("POST", f"{path}/use", {"project_id": "ME"}),
        ):
            await bob.refused(404, "not-found", method, at, body)
        listed = await bob.get(f"/templates?workspace_id={workspace['id']}")
        assert listed["templates"] == []
