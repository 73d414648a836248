"""Guards, refusals and what is allowed, over HTTP."""

from typing import Any

from tests.api.client import Api, pointers

STATUSES = [
    {"key": "open", "name": "Open", "category": "todo"},
    {"key": "done", "name": "Done", "category": "done"},
    {"key": "dropped", "name": "Dropped", "category": "cancelled"},
]


def guarded(*guards: Any) -> dict[str, Any]:
    return {
        "initial": "open",
        "statuses": STATUSES,
        "transitions": [
            {"from": "open", "to": "done", "guards": list(guards)},
            {"from": "open", "to": "dropped"},
        ],
    }


async def test_a_comment_sent_along_lets_a_task_pass_and_stands_there_after(ada: Api) -> None:
    await ada.project("SAY")
    await ada.put("/projects/SAY/workflow", guarded("comment-required"))
    await ada.task(project_id="SAY")
    await ada.task(project_id="SAY")
    problem = await ada.refused(409, "guard-refused", "PATCH", "/tasks/SAY-1", {"status": "done"})
    assert (problem["guard"], problem["missing"]) == ("comment-required", ["comment"])
    assert (problem["from"], problem["to"], problem["allowed"]) == ("open", "done", ["dropped"])
    assert [(each["status"], each["code"]) for each in problem["refused"]] == [
        ("done", "guard-refused")
    ]
    blank = {"status": "done", "comment": " "}
    problem = await ada.refused(422, "validation-failed", "PATCH", "/tasks/SAY-1", blank)
    assert pointers(problem) == ["/comment"]
    done = await ada.patch("/tasks/SAY-1", {"status": "done", "comment": "It **works**"})
    assert (done["key"], done["status"]) == ("SAY-1", "done")
    said = (await ada.get("/tasks/SAY-1/comments"))["comments"]
    assert [each["text"] for each in said] == ["It **works**"]
    # Said and done in one commit, and taken back as one.
    undone = await ada.post("/tasks/SAY-1/undo", {"position": done["position"]})
    assert undone["status"] == "open"
    assert (await ada.get("/tasks/SAY-1/comments"))["comments"] == []
    moved = await ada.post("/tasks/SAY-2/move", {"status": "Done", "comment": "This one too"})
    assert (moved["key"], moved["status"]) == ("SAY-2", "done")
    assert (await ada.get("/tasks/SAY-2"))["comment_count"] == 1
    await ada.task(project_id="SAY")
    said_first = await ada.post("/tasks/SAY-3/comments", {"text": "Never mind"})
    await ada.delete(f"/comments/{said_first['id']}")
    await ada.refused(409, "guard-refused", "PATCH", "/tasks/SAY-3", {"status": "done"})
    await ada.post("/tasks/SAY-3/comments", {"text": "It is done"})
    assert (await ada.patch("/tasks/SAY-3", {"status": "done"}))["status"] == "done"


async def test_what_is_allowed_is_known_before_anybody_tries(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("ASK", workspace_id=workspace["id"])
    roles = {"name": "only-roles", "project_roles": ["admin"]}
    present = {"name": "fields-present", "fields": ["due_date"]}
    changed = await ada.put(f"/projects/{project['id']}/workflow", guarded(roles, present))
    assert changed["transitions"][0]["guards"] == [roles, present]
    task = await ada.task(project_id=project["id"])
    path = f"/tasks/{task['id']}"
    bob.position = ada.position
    seen = await bob.get(f"{path}/transitions")
    assert (seen["task_id"], seen["status"], seen["version"]) == (task["id"], "open", 1)
    done, dropped = seen["transitions"]
    assert (done["to"], done["name"], done["category"], done["allowed"]) == (
        "done", "Done", "done", False,
    )  # fmt: skip
    assert (done["why"]["guard"], done["why"]["missing"]) == ("only-roles", ["project:admin"])
    assert (dropped["allowed"], dropped["why"]) == (True, None)
    mine = (await ada.get(f"{path}/transitions"))["transitions"][0]
    assert mine["why"]["missing"] == ["due_date"]
    # What the same request fills in is there when the guard looks.
    both = await ada.patch(path, {"status": "done", "due_date": "2030-01-01"})
    assert both["status"] == "done"
    eve = await ada.register()
    await eve.refused(404, "not-found", "GET", f"{path}/transitions")


async def test_wrong_guards_are_refused_where_they_stand(ada: Api) -> None:
    await ada.project("BAD")
    problem = await ada.refused(
        422, "validation-failed", "PUT", "/projects/BAD/workflow",
        guarded("fields-present", {"name": "only-roles", "project_roles": ["king", 1]},
                {"name": "comment-required", "loud": True}),
    )  # fmt: skip
    assert pointers(problem) == [
        "/transitions/0/guards/0",
        "/transitions/0/guards/1/project_roles/0",
        "/transitions/0/guards/1/project_roles/1",
        "/transitions/0/guards/2/loud",
    ]


async def test_fields_have_defaults_names_and_statuses_that_require_them(ada: Api) -> None:
    project = await ada.project("REQ")
    size = {
        "key": "size", "name": "Size", "type": "choice", "options": ["s", "l"],
        "option_names": {"l": "Large"}, "default": "s", "required_at": ["Done"],
    }  # fmt: skip
    found = {"key": "found", "name": "Found in", "type": "text", "required_at": ["in_progress"]}
    answer = await ada.put("/projects/REQ/fields", {"fields": [size, found]})
    first = answer["fields"][0]
    assert (first["default"], first["required_at"], first["option_names"]) == (
        "s", ["done"], {"l": "Large"},
    )  # fmt: skip
    assert await ada.put("/projects/REQ/fields", answer) == answer
    assert await ada.get("/projects/REQ/fields") == answer
    task = await ada.task(project_id="REQ")
    assert task["fields"] == {"size": "s"}
    problem = await ada.refused(
        409, "guard-refused", "POST", "/tasks/REQ-1/move", {"status": "in_progress"}
    )
    assert (problem["guard"], problem["missing"]) == ("required-at", ["fields.found"])
    both = {"status": "in_progress", "fields": {"found": "1.2", "size": "Large"}}
    moved = await ada.patch("/tasks/REQ-1", both)
    assert (moved["status"], moved["fields"]) == ("in_progress", {"size": "l", "found": "1.2"})
    problem = await ada.refused(
        422, "validation-failed", "PATCH", "/tasks/REQ-1", {"fields": {"found": None}}
    )
    assert pointers(problem) == ["/fields/found"]
    problem = await ada.refused(
        422, "validation-failed", "POST", "/tasks",
        {"title": "x", "project_id": project["id"], "status": "in_progress"},
    )  # fmt: skip
    assert pointers(problem) == ["/fields/found"]
    # A default that names somebody who is here no more is left out.
    bob = await ada.register()
    workspace_id = project["workspace_id"]
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": bob.user_id})
    lead = {"key": "lead", "name": "Lead", "type": "user", "default": bob.user_id}
    await ada.put("/projects/REQ/fields", {"fields": [lead]})
    assert (await ada.task(project_id="REQ"))["fields"] == {"lead": bob.user_id}
    await ada.delete(f"/workspaces/{workspace_id}/members/{bob.user_id}")
    assert (await ada.task(project_id="REQ"))["fields"] == {}
    stranger = await ada.register()
    problem = await ada.refused(
        422, "validation-failed", "PUT", "/projects/REQ/fields",
        {"fields": [{**lead, "default": stranger.user_id}]},
    )  # fmt: skip
    assert pointers(problem) == ["/fields/0/default"]


async def test_types_are_the_projects_own(ada: Api) -> None:
    project = await ada.project("TYP")
    assert [each["key"] for each in project["types"]] == ["task", "bug", "story", "epic"]
    old = await ada.task(project_id="TYP", type="bug")
    mine = {
        "types": [
            {"key": "wish", "name": "A wish", "colour": "#aabbcc", "icon": "\u2b50"},
            {"key": "task", "name": "Task", "colour": None, "icon": None},
        ]
    }
    changed = await ada.put("/projects/TYP/types", mine)
    assert changed["types"] == mine["types"]
    assert await ada.get("/projects/TYP/types") == changed
    assert (await ada.get("/projects/TYP"))["types"] == mine["types"]
    assert (await ada.task(project_id="TYP"))["type"] == "wish"
    assert (await ada.task(project_id="TYP", type="A wish"))["type"] == "wish"
    # A type that went stays where it stands, may be sent back, and still finds its tasks.
    assert (await ada.patch(f"/tasks/{old['id']}", {"type": "bug", "title": "Old"}))["type"] == (
        "bug"
    )
    listed = await ada.get("/tasks?project_id=TYP&type=bug")
    assert [each["id"] for each in listed["tasks"]] == [old["id"]]
    problem = await ada.refused(
        422, "validation-failed", "PATCH", f"/tasks/{old['id']}", {"type": "story"}
    )
    assert pointers(problem) == ["/type"]
    entries = (await ada.get("/projects/TYP/activity"))["activities"]
    (said,) = [each for each in entries if each["action"] == "types_changed"]
    assert said["changes"]["new_value"] == ["wish", "task"]
    whole = await ada.get("/projects/TYP")
    assert (await ada.patch("/projects/TYP", {**whole, "name": "Typed"}))["name"] == "Typed"
    for wrong, pointer in (
        ([], "/types"),
        ([{"key": "a b", "name": "A"}], "/types/0/key"),
        ([{"key": "a", "name": "A", "colour": "#12"}], "/types/0/colour"),
        ([{"key": "a", "name": "A", "icon": ""}], "/types/0/icon"),
        ([{"key": "a"}], "/types/0/name"),
        ([{"key": "a", "name": "A", "size": 1}], "/types/0/size"),
    ):
        problem = await ada.refused(
            422, "validation-failed", "PUT", "/projects/TYP/types", {"types": wrong}
        )
        assert pointers(problem) == [pointer]


async def test_a_project_is_counted(ada: Api) -> None:
    project = await ada.project("CNT")
    empty = await ada.get("/projects/CNT/stats")
    assert (empty["total_tasks"], empty["by_status"]["todo"], empty["by_label"]) == (0, 0, {})
    await ada.task(project_id="CNT", tags=["a", "b"], due_date="2020-01-01")
    await ada.task(project_id="CNT", tags=["a"], status="done", assignee_id=ada.user_id)
    await ada.task(project_id="CNT", status="in_review", due_date="2999-01-01")
    gone = await ada.task(project_id="CNT", tags=["c"])
    await ada.delete(f"/tasks/{gone['id']}")
    counted = await ada.get("/projects/CNT/stats")
    assert counted["position"] >= ada.position
    assert {name: counted[name] for name in counted if name.endswith("_tasks")} == {
        "total_tasks": 3, "completed_tasks": 1, "in_progress_tasks": 1, "overdue_tasks": 1,
    }  # fmt: skip
    assert counted["by_status"] == {
        "todo": 1, "in_progress": 0, "in_review": 1, "blocked": 0, "done": 1, "cancelled": 0,
    }  # fmt: skip
    assert counted["by_assignee"] == {ada.user_id: 1, "none": 2}
    assert counted["by_label"] == {"a": 2, "b": 1}
    eve = await ada.register()
    await eve.refused(404, "not-found", "GET", f"/projects/{project['id']}/stats")


async def test_tasks_are_found_and_sorted_by_custom_fields(ada: Api) -> None:
    await ada.project("FND")
    fields = [
        {"key": "size", "name": "Size", "type": "choice", "options": ["s", "m", "l"],
         "option_names": {"m": "Medium"}},
        {"key": "points", "name": "Points", "type": "number"},
        {"key": "day", "name": "Day", "type": "date"},
        {"key": "lead", "name": "Lead", "type": "user"},
        {"key": "a b", "name": "Odd", "type": "text"},
    ]  # fmt: skip
    await ada.put("/projects/FND/fields", {"fields": fields})
    for number, size in enumerate(("l", "s", "m", None), start=1):
        values = {"points": number, "day": f"2026-03-0{number}", "a b": f"x,{number}"}
        if size is not None:
            values["size"] = size
        if number == 2:
            values["lead"] = ada.user_id
        await ada.task(f"T{number}", project_id="FND", fields=values)
    await ada.task("T5", project_id="FND")

    async def titles(query: str) -> list[str]:
        found = await ada.get(f"/tasks?project_id=FND&sort_by=key&{query}")
        return [each["title"][1:] for each in found["tasks"]]

    assert await titles("field.size=Medium,l") == ["1", "3"]
    assert await titles("fields[size]=s&fields[size]=l") == ["1", "2"]
    assert await titles("field.points_gte=2&field.points_lte=3.0") == ["2", "3"]
    assert await titles("fields[points]_gte=4") == ["4"]
    assert await titles("field.points=1&field.size=s") == []
    assert await titles("field.day_lte=2026-03-02&field.day_gte=2026-03-01T12:00:00Z") == ["2"]
    assert await titles("field.day=2026-03-03") == ["3"]
    assert await titles("field.lead=me") == ["2"]
    assert await titles("field.size_empty=true") == ["4", "5"]
    assert await titles("fields%5Ba%20b%5D_empty=false") == ["1", "2", "3", "4"]

    async def sorted_(query: str) -> list[str]:
        seen: list[str] = []
        path = f"/tasks?project_id=FND&limit=2&{query}"
        while True:
            page = await ada.get(path)
            seen += [each["title"][1:] for each in page["tasks"]]
            if page["next_cursor"] is None:
                return seen
            path = f"/tasks?project_id=FND&limit=2&{query}&cursor={page['next_cursor']}"

    assert (await sorted_("sort_by=field.size"))[:3] == ["2", "3", "1"]
    assert await sorted_("sort=-field.points") == ["4", "3", "2", "1", "5"]
    assert await sorted_("sort_by=fields[day]&sort_order=asc") == ["1", "2", "3", "4", "5"]
    # What was cleared is found no more.
    await ada.patch("/tasks/FND-1", {"fields": {"size": None}})
    assert await titles("field.size=l") == []
    for query, pointer in (
        ("project_id=FND&field.gone=1", "/query/field.gone"),
        ("project_id=FND&field.size_gte=1", "/query/field.size_gte"),
        ("project_id=FND&field.points=many", "/query/field.points"),
        ("project_id=FND&field.points_gte=1,2", "/query/field.points_gte"),
        ("project_id=FND&field.day=soon", "/query/field.day"),
        ("project_id=FND&field.size_empty=maybe", "/query/field.size_empty"),
        ("project_id=FND&sort_by=field.gone", "/query/sort_by"),
        ("project_id=FND&sort_by=colour", "/query/sort_by"),
        ("project_id=NOPE&field.size=s", "/query/field.size"),
        ("field.size=s", "/query/field.size"),
        ("project_id=FND&fields=s", "/query/fields"),
    ):
        problem = await ada.refused(422, "validation-failed", "GET", f"/tasks?{query}")
        assert pointers(problem) == [pointer], query


_STATUS = {"key": "open", "name": "Open", "category": "todo"}
_SIZE = {"key": "size", "name": "Size", "type": "choice", "options": ["s"]}
_BAD: list[tuple[str, dict[str, Any], str]] = [
    ("workflow", {"initial": "open", "statuses": []}, "/statuses"),
    ("workflow", {"initial": "open", "statuses": None}, "/statuses"),
    ("workflow", {"initial": "open", "statuses": [{**_STATUS, "key": "a\u202eb"}]},
     "/statuses/0/key"),
    ("workflow", {"initial": "open", "statuses": [{**_STATUS, "name": "a\u0000"}]},
     "/statuses/0/name"),
    ("workflow", {"initial": "open", "statuses": [{**_STATUS, "name": "x" * 201}]},
     "/statuses/0/name"),
    ("workflow", {"initial": "open", "statuses": [{**_STATUS, "colour": 5}]}, "/statuses/0/colour"),
    ("workflow", {"initial": "", "statuses": [_STATUS]}, "/initial"),
    ("workflow", {"initial": "open", "statuses": [_STATUS], "transitions": [
        {"from": "open", "to": "open", "guards": [5]}]}, "/transitions/0/guards/0"),
    ("workflow", {"initial": "open", "statuses": [_STATUS], "transitions": [
        {"from": "open", "to": "gone"}]}, "/transitions/0/to"),
    ("workflow", {"initial": "open", "statuses": [_STATUS], "move_to": {"todo": "gone"}},
     "/move_to"),
    ("fields", {"fields": "size"}, "/fields"),
    ("fields", {"fields": [{**_SIZE, "key": ""}]}, "/fields/0/key"),
    ("fields", {"fields": [{**_SIZE, "type": "colour"}]}, "/fields/0/type"),
    ("fields", {"fields": [{**_SIZE, "options": ["a\nb"]}]}, "/fields/0/options/0"),
    ("fields", {"fields": [{**_SIZE, "options": []}]}, "/fields/0/options"),
    ("fields", {"fields": [{**_SIZE, "option_names": ["s"]}]}, "/fields/0/option_names"),
    ("fields", {"fields": [{**_SIZE, "option_names": {"a/b": "x"}}]},
     "/fields/0/option_names/a~1b"),
    ("fields", {"fields": [{**_SIZE, "default": {"s": 1}}]}, "/fields/0/default"),
    ("fields", {"fields": [{**_SIZE, "required_at": "todo"}]}, "/fields/0/required_at"),
    ("fields", {"fields": [{**_SIZE, "required_at": [None]}]}, "/fields/0/required_at/0"),
    ("fields", {"fields": [_SIZE, _SIZE]}, "/fields/1/key"),
    ("types", {"types": None}, "/types"),
    ("types", {"types": [{"key": "a", "name": "A"}] * 2}, "/types/1/key"),
    ("types", {"types": [{"key": "\U0001f600", "name": "A"}]}, "/types/0/key"),
    ("types", {"types": [{"key": "a", "name": "A", "icon": "x" * 65}]}, "/types/0/icon"),
]  # fmt: skip


async def test_bad_bodies_are_refused_where_they_are_wrong(ada: Api) -> None:
    await ada.project("OOPS")
    for part, body, pointer in _BAD:
        path = f"/projects/OOPS/{part}"
        problem = await ada.refused(422, "validation-failed", "PUT", path, body)
        assert pointer in pointers(problem), (body, problem["errors"])
    for body in (b'{"types": [{"key": "a", "name": "A"}], "types": []}', b'{"types": NaN}', b"["):
        answer = await ada.http.put(
            "/api/v1/projects/OOPS/types",
            content=body,
            headers={
                "Authorization": f"Bearer {ada.token}",
                "Content-Type": "application/json",
            },
        )
        assert answer.status_code == 422
    await ada.task(project_id="OOPS")
    for comment, pointer in (
        ("", "/comment"),
        ("a\u0000b", "/comment"),
        ("x" * 20_001, "/comment"),
        (5, "/comment"),
    ):
        problem = await ada.refused(
            422, "validation-failed", "PATCH", "/tasks/OOPS-1",
            {"status": "in_progress", "comment": comment},
        )  # fmt: skip
        assert pointers(problem) == [pointer]
    await ada.delete("/projects/OOPS")
    for part in ("workflow", "types", "fields"):
        body = await ada.get(f"/projects/OOPS/{part}")
        changed = {**body, "initial": "done"} if part == "workflow" else {part: []}
        if part == "types":
            changed = {"types": [{"key": "a", "name": "A"}]}
        if part == "fields":
            changed = {"fields": [_SIZE]}
        changed.pop("version", None)
        await ada.refused(409, "archived", "PUT", f"/projects/OOPS/{part}", changed)
    (way, *_) = (await ada.get("/tasks/OOPS-1/transitions"))["transitions"]
    assert (way["allowed"], way["why"]["code"]) == (False, "archived")
