"""The query language through the served product: what it finds, what it refuses, what it hides."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.client import Api

PAGE = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text()
EXAMPLES = re.findall(r"^```query\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
REFUSED = re.findall(r"^\| `([^|]*)` \| (Column .*) \|$", PAGE, re.MULTILINE)

FIELDS = [
    {"key": "size", "name": "Size", "type": "choice", "options": ["S", "M", "L"]},
    {"key": "points", "name": "Points", "type": "number"},
    {"key": "story points", "name": "Story points", "type": "number"},
    {"key": "when", "name": "When", "type": "date"},
    {"key": "lead", "name": "Lead", "type": "user"},
    {"key": "note", "name": "Note", "type": "text"},
]


@dataclass
class Team:
    """Ada and Bob share a workspace with two projects."""

    ada: Api
    bob: Api
    workspace_id: str
    web: str
    ops: str

    async def found(self, query: str, reader: Api | None = None, **more: Any) -> set[str]:
        """Titles."""
        params = {"query": query, "workspace_id": self.workspace_id, **more}
        answer = await (reader or self.ada).get("/tasks", params=params)
        return {each["title"] for each in answer["tasks"]}


@pytest.fixture
async def team(ada: Api, bob: Api) -> Team:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    web = await ada.project("WEB", workspace_id=workspace["id"])
    ops = await ada.project("OPS", workspace_id=workspace["id"])
    for project in (web, ops):
        await ada.put(f"/projects/{project['id']}/fields", {"fields": FIELDS})
    return Team(ada, bob, workspace["id"], web["id"], ops["id"])


async def test_every_example_of_the_page_is_a_query(team: Team) -> None:
    assert len(EXAMPLES) > 12
    for example in EXAMPLES:
        params = {"query": example, "workspace_id": team.workspace_id}
        answer = await team.ada.send("GET", "/tasks", params=params)
        assert answer.status_code == 200, (example, answer.text)


async def test_what_the_page_says_of_mistakes_is_said(team: Team) -> None:
    assert len(REFUSED) > 3
    for query, detail in REFUSED:
        problem = await team.ada.refused(
            422, "validation-failed", "GET", "/tasks", params={"query": query}
        )
        assert problem["errors"] == [
            {"pointer": "/query/query", "code": problem["errors"][0]["code"], "detail": detail}
        ]


async def test_mistakes_in_meaning_say_where_and_what_may_be_meant(team: Team) -> None:
    told = {
        "statsu = done": 'Column 1: there is no field statsu.* Did you mean "status"',
        "due < strtOfWeek()": 'Column 7: there is no function strtOfWeek.* Did you mean "startOfW',
        "priority = urgnt": "Column 12: expected a level from 1",
        "project = WEB AND sze = L": 'Column 19: .* Did you mean "size"',
        "project = WEB AND points = many": "Column 28: must be a number",
        "project = WEB AND size < L": "Column 24: size is a field of type choice: expected = or",
        "size WAS L": "Column 1: there is no field size; .* the projects that the query names",
        "project = WEB AND siz CHANGED": 'Column 19: .* Did you mean "size"',
        "project = WEB AND points WAS many": "Column 30: must be a number",
        "creator WAS me": "Column 1: the history of creator is not kept",
        "status WAS EMPTY": "Column 12: status always holds something",
        "status IS EMPTY": "Column 1: status always holds something",
        "trashed = true": "Column 9: only the history of trashed",
        "status WAS done DURING (2026-02-01, 2026-01-01)": "Column 37: this is before the other",
        "status WAS done BY me BY me": "Column 26: BY can be said once",
        "due < 99999y": "Column 7: this is too far from now",
        'title ~ " "': "Column 9: expected a word",
        "ORDER BY prioritty": 'Column 10: .* Did you mean "priority"',
    }
    for query, detail in told.items():
        problem = await team.ada.refused(
            422, "validation-failed", "GET", "/tasks",
            params={"query": query, "workspace_id": team.workspace_id},
        )  # fmt: skip
        assert re.match(detail, problem["errors"][0]["detail"]), (query, problem)
    for query in ("(" * 21 + "key = WEB-1" + ")" * 21, " OR ".join(["key = WEB-1"] * 51)):
        params = {"query": query}
        await team.ada.refused(422, "validation-failed", "GET", "/tasks", params=params)
    await team.ada.refused(
        422, "validation-failed", "GET", "/tasks",
        params={"query": "ORDER BY due", "sort_by": "due_date"},
    )  # fmt: skip


async def test_queries_find_what_is(team: Team) -> None:
    ada, bob = team.ada, team.bob
    mine = {"assignee_ids": [ada.user_id], "priority": "high", "tags": ["red"], "due_date": None}
    one = await ada.task("One log in", project_id=team.web, **{**mine, "due_date": "2031-05-05"})
    await ada.task(
        "Two", project_id=team.web, assignee_id=bob.user_id,
        fields={"size": "L", "points": 5, "story points": 1, "when": "2031-05-05",
                "lead": bob.user_id, "note": "Beware of dogs"},
    )  # fmt: skip
    await ada.task("Three", project_id=team.ops, priority_level=1, estimate=3)
    await bob.task("Four", project_id=team.ops, parent_task_id=None, start_date="2031-01-01")
    await ada.task("Below", project_id=team.web, parent_task_id=one["id"])
    ada.position = bob.position = max(ada.position, bob.position)
    everything = {"One log in", "Two", "Three", "Four", "Below"}
    expected: dict[str, set[str]] = {
        "": everything,
        "project = WEB": {"One log in", "Two", "Below"},
        "project = web AND assignee = me": {"One log in"},
        f"assignee IN (@{bob.user['username']}, none) AND project != WEB": {"Three", "Four"},
        f"assignee = {bob.user_id}": {"Two"},
        f'assignee = "{bob.user["name"]}"': {"Two"},
        "assignee = @nobody-at-all": set(),
        "assignee != @nobody-at-all": everything,
        "assignee IS EMPTY AND creator = me": {"Three", "Below"},
        "status = open AND NOT (priority <= high)": {"Two", "Four", "Below"},
        "priority < high OR label IN (red)": {"One log in", "Three"},
        "label IS EMPTY AND priority > 3": {"Two", "Four", "Below"},
        "due = 2031-05-05": {"One log in"},
        "due < 2031-05-05 OR due > 2031-05-05": set(),
        "due <= 2031-05-05 AND due >= 2031-05-05": {"One log in"},
        "due IS EMPTY AND project = WEB": {"Two", "Below"},
        "start >= 2031-01-01": {"Four"},
        "estimate > 2 AND estimate <= 3": {"Three"},
        "NOT estimate = 3 AND project = OPS": {"Four"},
        "created = today AND updated > -1h": everything,
        "title ~ LOG": {"One log in"},
        'title = "one LOG in"': {"One log in"},
        "text ~ lo": {"One log in"},
        f"parent = {one['key']} OR key = {one['key']}": {"One log in", "Below"},
        f"project = OPS OR parent = {one['id']}": {"Three", "Four", "Below"},
        "blocked = true": set(),
        "overdue = false": everything,
        "project = WEB AND size IN (L, S)": {"Two"},
        "project = WEB AND size IS EMPTY": {"One log in", "Below"},
        "project in (WEB, OPS) AND fields.points >= 5 AND points < 6": {"Two"},
        'project = WEB AND "story points" != 1': {"One log in", "Below"},
        "project = WEB AND when > 2031-05-04 AND when <= 2031-05-05": {"Two"},
        f"project = WEB AND lead = @{bob.user['username']}": {"Two"},
        "project = WEB AND note ~ DOGS AND note !~ cats": {"Two"},
    }
    found = {query: await team.found(query) for query in expected}
    assert found == expected
    assert await team.found("assignee = me", q="log", status="open") == {"One log in"}
    assert await team.found("priority = high", priority="high") == {"One log in"}


async def test_queries_find_what_was(team: Team) -> None:
    ada, bob = team.ada, team.bob
    moved = await ada.task("Moved", project_id=team.web, assignee_id=ada.user_id, tags=["old"])
    await ada.task("Still", project_id=team.web)
    path = f"/tasks/{moved['id']}"
    await ada.patch(path, {"fields": {"size": "S", "points": 3, "note": "Draft"}})
    await ada.patch(path, {"fields": {"size": "L", "points": 5, "when": "2031-05-05"}})
    await ada.patch(path, {"fields": {"size": None, "when": None, "lead": bob.user_id}})
    for status in ("in_progress", "in_review"):
        await ada.post(f"/tasks/{moved['id']}/move", {"status": status})
    bob.position = ada.position
    await bob.patch(f"/tasks/{moved['id']}", {"assignee_ids": [bob.user_id], "tags": []})
    await bob.post(f"/tasks/{moved['id']}/move", {"status": "done"})
    await bob.patch(f"/tasks/{moved['id']}", {"priority": 2, "due_date": "2031-05-05"})
    ada.position = bob.position
    by_bob = f"BY @{bob.user['username']}"
    expected: dict[str, set[str]] = {
        'status WAS "In review"': {"Moved"},
        "status WAS in_review AFTER -1h BY me": {"Moved"},
        f"status WAS in_review {by_bob}": set(),
        "status WAS in_review BEFORE 2020-01-01": set(),
        "status WAS todo": {"Moved", "Still"},
        "status WAS NOT done": {"Still"},
        "status WAS NOT IN (in_review, done) DURING (-1d, 1d)": {"Still"},
        "status CHANGED ON today": {"Moved"},
        f"status CHANGED FROM in_review TO done {by_bob} AFTER startOfDay()": {"Moved"},
        "status CHANGED FROM done": set(),
        "assignee CHANGED FROM me": {"Moved"},
        f"assignee CHANGED FROM me TO @{bob.user['username']} BY me": set(),
        "assignee WAS me AND NOT assignee = me": {"Moved"},
        "assignee WAS EMPTY": {"Still"},
        "label WAS old AND label IS EMPTY": {"Moved"},
        "priority CHANGED TO high": {"Moved"},
        "priority WAS medium": {"Moved", "Still"},
        "due CHANGED FROM EMPTY TO 2031-05-05": {"Moved"},
        "due WAS EMPTY AND due IS NOT EMPTY": {"Moved"},
        "project WAS WEB": {"Moved", "Still"},
        "status CHANGED AFTER recorded(-1d)": {"Moved"},
        "project = WEB AND size WAS L": {"Moved"},
        "project = WEB AND size WAS NOT S": {"Still"},
        "project = WEB AND fields.size CHANGED FROM L TO EMPTY BY me": {"Moved"},
        f"project = WEB AND size CHANGED {by_bob}": set(),
        "project = WEB AND points WAS 3.0 AND points = 5": {"Moved"},
        "project = WEB AND when WAS 2031-05-05 DURING (-1d, now())": {"Moved"},
        "project = WEB AND when WAS 2031-05-06": set(),
        f"project = WEB AND lead CHANGED TO @{bob.user['username']}": {"Moved"},
        "project = WEB AND note WAS Draft": {"Moved"},
        "project = WEB AND note WAS EMPTY": {"Moved", "Still"},
        "title ~ still OR status WAS done": {"Moved", "Still"},
    }
    found = {query: await team.found(query) for query in expected}
    assert found == expected


async def test_order_and_pages_of_a_query(team: Team) -> None:
    ada = team.ada
    for title, level, due in (
        ("A", 1, None), ("B", 5, "2031-01-01"), ("C", 1, "2031-01-02"), ("D", 5, "2031-01-01"),
    ):  # fmt: skip
        await ada.task(title, project_id=team.web, priority_level=level, due_date=due)
    params: dict[str, Any] = {
        "query": "project = WEB AND status WAS todo"
        " ORDER BY due DESC, priority, title DESC, title, due",
        "limit": 1,
        "total": "true",
    }
    seen, cursor = "", None
    while True:
        page = await ada.get("/tasks", params={**params, **({"cursor": cursor} if cursor else {})})
        assert page["total"] == 4
        seen += "".join(each["title"] for each in page["tasks"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == "CDBA"
    bulk = {"filter": {"query": "project = WEB AND priority = 1"}, "patch": {"priority": 9}}
    assert (await ada.post("/tasks/bulk", bulk))["changed"] == 2
    assert await team.found("project = WEB AND priority = 9") == {"A", "C"}
    wrong = {"filter": {"query": "project = "}, "patch": {"priority": 9}}
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks/bulk", wrong)
    assert problem["errors"][0]["pointer"] == "/filter/query"


async def test_what_may_not_be_seen_is_found_by_no_query_and_no_error_tells(team: Team) -> None:
    ada, bob = team.ada, team.bob
    hidden = await ada.project("SECRET", workspace_id=team.workspace_id, is_private=True)
    await ada.put(f"/projects/{hidden['id']}/fields", {"fields": FIELDS})
    task = await ada.task("Hidden", project_id=hidden["id"], fields={"size": "L"}, tags=["dark"])
    seen = await ada.task("Seen", project_id=team.web)
    bob.position = ada.position
    assert await team.found("project = SECRET") == {"Hidden"}
    assert await team.found("project = SECRET OR key = SECRET-1", bob) == set()
    assert await team.found("status WAS todo OR label WAS dark", bob) == {"Seen"}
    assert await team.found(f"key IN ({task['id']}, {seen['key']})", bob) == {"Seen"}
    # A task that has come from there says so of itself to whoever may see that project.
    moved = await ada.task("Moved", project_id=hidden["id"])
    await ada.post(f"/tasks/{moved['id']}/move", {"project_id": "WEB"})
    bob.position = ada.position
    for query in (f"project WAS {hidden['id']}", f"project CHANGED FROM {hidden['id']}"):
        assert await team.found(query) >= {"Moved"}
        assert await team.found(query, bob) == set()
    answers = [
        await bob.send(
            "GET", "/tasks",
            params={"query": f"project = {name} AND size = L", "workspace_id": team.workspace_id},
        )
        for name in ("SECRET", "NOSUCH", hidden["id"])
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {422}
    details = [answer.json()["errors"][0]["detail"] for answer in answers]
    assert len({re.sub(r"^Column \d+", "", detail) for detail in details}) == 1
