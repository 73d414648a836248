"""What every list has in common: pages, filters, orders, and what it refuses."""

import re
from typing import Any

import pytest

from tests.api.client import Api, pointers


async def test_pages_follow_each_other_without_repeating_or_missing(ada: Api) -> None:
    project = await ada.project("PAGE")
    longest = "\N{GRINNING FACE}" * 499  # a cursor by title holds all of it
    made = [(await ada.task(f"{longest}{n}", project_id="PAGE"))["id"] for n in range(7)]
    for order in ("created_at", "title"):
        seen: list[str] = []
        url = f"/tasks?project_id={project['id']}&limit=3&sort={order}"
        while url:
            answer = await ada.send("GET", url)
            page = answer.json()
            seen += [task["id"] for task in page["tasks"]]
            assert page["has_more"] is (page["next_cursor"] is not None)
            assert ("Link" in answer.headers) is page["has_more"]
            link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("Link", ""))
            url = f"!{link[1]}" if link else ""
            if page["has_more"]:
                assert re.fullmatch(r"[A-Za-z0-9_-]+", page["next_cursor"])
        assert seen == made
    after = await ada.get(f"/tasks?project_id=PAGE&sort=created_at&last_id={made[4]}")
    assert [task["id"] for task in after["tasks"]] == made[5:]
    third = await ada.get("/tasks?project_id=PAGE&sort=created_at&page=3&limit=3&total=true")
    assert [task["id"] for task in third["tasks"]] == made[6:]
    assert (third["total"], third["total_is_exact"]) == (7, True)
    skipped = await ada.get("/tasks?project_id=PAGE&sort=created_at&skip=5")
    assert [task["id"] for task in skipped["tasks"]] == made[5:]
    assert "total" not in skipped


async def test_every_list_goes_on_by_its_cursor_and_counts_where_asked(
    ada: Api, nobody: Api
) -> None:
    for name in ("First", "Second"):
        await ada.post("/api-keys", {"name": name, "scopes": ["tasks:read"]})
    first = await ada.send("GET", "/api-keys?limit=1&total=true")
    page = first.json()
    assert ([each["name"] for each in page["api_keys"]], page["total"]) == (["First"], 2)
    assert page["next_cursor"] in first.headers["Link"]
    rest = await ada.get(f"/api-keys?cursor={page['next_cursor']}")
    assert [each["name"] for each in rest["api_keys"]] == ["Second"]
    assert rest == await ada.get("/api-keys?skip=1")
    document = await nobody.get("!/api/openapi.json")
    reads = {path: each["get"] for path, each in document["paths"].items() if "get" in each}
    taken = {
        path: {each["name"] for each in read["parameters"]}
        for path, read in reads.items()
        if "next_cursor" in _answered(document, read)
    }
    assert len(taken) > 30
    places = {"limit", "cursor", "last_id", "skip", "page", "total"}
    assert {path: places - names for path, names in taken.items() if places - names} == {}


def _answered(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The properties of what a call answers with."""
    content = operation["responses"].get("200", {}).get("content", {})
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema: dict[str, Any] = document["components"]["schemas"].get(name.rpartition("/")[2], {})
    return schema.get("properties", {})


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "cursor=!", "cursor=AAAA", "skip=10001", "page=0", "skip=1&page=1",
        "page=12&limit=1000", "sort=colour", "sort_by=title&sort=title", "limit=1&limit=2",
        "last_id=task_01jd3m5c8ze6fb0nx4q4t6qk7v", "priority=urgent", "priority=%C2%B2",
        "due_before=soon", f"assignee_id={'x' * 3_000}",
        "q=%00", "q=%ff", "overdue=perhaps", "status=", "status=,", "tags=a&assignee_id=",
    ],
)  # fmt: skip
async def test_a_list_refuses_what_it_cannot_do(ada: Api, query: str) -> None:
    problem = await ada.refused(422, "validation-failed", "GET", f"/tasks?{query}")
    assert all(each.startswith("/query") for each in pointers(problem))


async def test_filters_and_orders_of_lists(ada: Api) -> None:
    await ada.project("SORT")
    low = await ada.task("Low", project_id="SORT", priority="low", tags=["a", "b"])
    high = await ada.task("High", project_id="SORT", priority="P0", due_date="2020-01-01")
    some = await ada.task("Some", project_id="SORT", assignee_ids=[ada.user_id], tags=["b"])
    await ada.patch(f"/tasks/{some['id']}", {"status": "in_progress"})

    async def titles(query: str) -> list[str]:
        page = await ada.get(f"/tasks?project_id=SORT&{query}")
        return [task["title"] for task in page["tasks"]]

    assert await titles("") == ["Some", "High", "Low"]
    assert await titles("sort_by_priority=true") == ["High", "Some", "Low"]
    assert await titles("sort_by=title&sort_order=desc") == ["Some", "Low", "High"]
    assert await titles("priority=critical") == ["High"]
    assert await titles("priority=8,5") == ["Some", "Low"]
    assert await titles("priority_lte=5") == ["Some", "High"]
    assert await titles("assignee_id=me") == ["Some"]
    assert await titles("assignee_id=none") == ["High", "Low"]
    assert await titles("tags=a,b") == ["Low"]
    assert await titles("tags_any=a&tags_any=b") == ["Some", "Low"]
    assert await titles("status=in_progress") == ["Some"]
    assert await titles("status=pending") == ["High", "Low"]
    assert await titles("status=open") == ["Some", "High", "Low"]
    assert await titles("overdue=true") == ["High"]
    assert await titles("due_date_before=2020-01-01") == ["High"]
    assert await titles("due_after=2020-01-02") == []
    assert await titles("q=hi") == ["High"]
    assert await titles("search=SORT-1") == ["Low"]
    assert await titles(f"creator_id={ada.user_id}&sort=title") == ["High", "Low", "Some"]
    await ada.delete(f"/tasks/{low['id']}")
    assert await titles("") == ["Some", "High"]
    assert await titles("trashed=true") == ["Low"]
    mine = await ada.get("/user/tasks")
    assert [task["title"] for task in mine["tasks"]] == ["Some"]
    assert high["status_category"] == "todo"
