"""Feeds, projects, members, access and names, as the door asks for them."""

import asyncio
import json
from typing import Any

import pytest

from domain.errors import Invalid
from domain.project.events import ProjectArchived, ProjectMemberAdded, ProjectPrivacyChanged
from domain.task.events import TaskRetitled
from domain.user.events import UserRenamed
from domain.workspace.events import WorkspaceMemberAdded, WorkspaceMemberRemoved
from infra.postgres.pool import Pool
from infra.postgres.views.activity_queries import ActivityQueries
from infra.postgres.views.directory import Directory
from infra.postgres.views.member_queries import MemberQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.project_queries import ProjectPlace, ProjectQueries
from projections.activity import ActivityFilter
from projections.projects import ProjectFilter
from projections.questions import Listing, Page, Scope
from projections.task_questions import Sort, SortBy
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, History, made_id

ADA, BOB, EVE = (made_id("user", number) for number in (1, 2, 3))
WS, OTHER = made_id("ws", 1), made_id("ws", 2)
OPEN, PRIVATE, FAR = (made_id("proj", number) for number in (1, 2, 3))


def a_past() -> History:
    past = History()
    for number, name in enumerate(["Ada", "Bob", "Eve"], 1):
        past.user(number, name)
    past.workspace(1, ADA)
    past.workspace(2, EVE)
    past.record(WS, WS, WorkspaceMemberAdded(user_id=BOB, role="member"))
    past.project(1, WS)
    past.project(2, WS, key="SECRET", is_private=True)
    past.project(3, OTHER, owner_id=EVE)
    for number, project_id in enumerate([OPEN, PRIVATE, FAR], 1):
        task_id = past.task(number, project_id, actor=BOB)
        past.change(task_id, TaskRetitled(title="New", was="Old"), actor=ADA)
    past.comment(1, made_id("task", 1), "Hello")
    return past


def docs(listing: Listing) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(b"[%b]" % listing.docs)
    assert len(found) == listing.count
    return found


async def test_feeds_show_what_their_asker_may_see_the_newest_first(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past()
    await written.write(past)
    queries = ActivityQueries(pool, pointers, written.log_id)
    member = Scope(workspaces=(WS,), hidden=(PRIVATE,))

    async def feed(scope: Scope, page: Page | None = None, **asked: Any) -> list[tuple[str, str]]:
        listing = await queries.list(scope, ActivityFilter(**asked), page)
        return [(entry["action"], entry["entity_id"]) for entry in docs(listing)]

    of_task = await feed(member, task_id=made_id("task", 1))
    assert [action for action, _ in of_task] == ["commented", "title_changed", "task_created"]
    assert await feed(member, task_id=made_id("task", 2)) == []
    assert await feed(member, project_id=PRIVATE) == []
    assert await feed(member, task_id=made_id("task", 3)) == []
    actions = [action for action, _ in await feed(member, workspace_id=WS)]
    assert actions[-3:] == ["project_created", "member_added", "workspace_created"]
    assert len(actions) == 6
    whole = Scope(workspaces=(WS,))
    assert len(await feed(whole, workspace_id=WS)) == 9
    assert [action for action, _ in await feed(whole, actor_ids=(BOB,))] == ["task_created"] * 2
    guest = Scope(projects=(PRIVATE,), guest_of=(WS,))
    assert {entity for _, entity in await feed(guest)} == {PRIVATE, made_id("task", 2)}
    assert await feed(Scope()) == []
    assert len(await feed(whole, actions=("task_created", "commented"))) == 3
    assert await feed(whole, until=BEGAN) == []
    assert len(await feed(whole, since=BEGAN)) == 9

    entries = docs(await queries.list(whole, ActivityFilter()))
    seen, page = [], Page(limit=4)
    while True:
        listing = await queries.list(whole, ActivityFilter(), page)
        seen += docs(listing)
        if not listing.has_more:
            break
        page = Page(limit=4, cursor=listing.next_cursor)
    assert seen == entries
    after = Page(limit=2, after_id=entries[3]["id"])
    assert docs(await queries.list(whole, ActivityFilter(), after)) == entries[4:6]
    with pytest.raises(Invalid):
        await queries.list(whole, ActivityFilter(), Page(after_id="act_nonsense"))


async def test_projects_are_listed_found_and_read_with_their_parts(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past()
    past.record(WS, OPEN, ProjectArchived())
    await written.write(past)
    await written.guard(f"access:{WS}", past.position)
    queries = ProjectQueries(pool, pointers, written.log_id)
    everywhere = Scope(workspaces=(WS, OTHER))

    async def listed(scope: Scope, asked: ProjectFilter, sort: Sort | None = None) -> list[str]:
        listing = await queries.list(scope, asked, sort or Sort())
        return [project["id"] for project in docs(listing)]

    assert await listed(everywhere, ProjectFilter()) == [FAR, PRIVATE]
    both = ProjectFilter(archived=None)
    assert await listed(everywhere, both, Sort(SortBy.KEY, False)) == [PRIVATE, OPEN, FAR]
    assert await listed(Scope(workspaces=(WS,), hidden=(PRIVATE,)), both) == [OPEN]
    assert await listed(everywhere, ProjectFilter(archived=True)) == [OPEN]
    assert await listed(everywhere, ProjectFilter(archived=None, keys=("secret",))) == [PRIVATE]
    assert set(await queries.find([WS, OTHER], "web")) == {
        ProjectPlace(OPEN, WS),
        ProjectPlace(FAR, OTHER),
    }
    read = await queries.get([WS], PRIVATE)
    assert read is not None
    assert (read.fresh, read.access_position) == (True, past.position)
    parts = [json.loads(part or b"") for part in (read.doc, read.workflow, read.columns)]
    assert parts[0]["owner"] == {"user_id": ADA, "name": ADA, "avatar_url": None}
    assert parts[1]["transitions"][0] == {"from": "todo", "to": "in_progress", "guards": []}
    assert parts[2]["columns"][0]["statuses"] == ["todo"]
    assert await queries.get([WS], FAR) is None
    assert await queries.get([WS], made_id("proj", 9)) is None


async def test_access_is_read_whole_and_with_its_position(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past()
    past.record(WS, PRIVATE, ProjectMemberAdded(user_id=BOB, role="viewer"))
    past.record(WS, OPEN, ProjectPrivacyChanged(is_private=True, was=False))
    await written.write(past)
    queries = MemberQueries(pool, pointers, written.log_id)
    access = await queries.access(WS)
    assert access.position == past.position
    assert (access.role(ADA), access.role(BOB), access.role(EVE)) == ("owner", "member", None)
    assert access.project_role(BOB, PRIVATE) == "viewer"
    assert access.project_role(BOB, OPEN) is None
    assert access.project_role(EVE, FAR) is None
    nowhere = await queries.access(made_id("ws", 9))
    assert (nowhere.members, nowhere.projects) == ({}, {})


async def test_members_workspaces_and_people_are_read(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past()
    past.record(WS, WS, WorkspaceMemberAdded(user_id=EVE, role="guest"))
    past.record(WS, WS, WorkspaceMemberRemoved(user_id=BOB, was="member"))
    await written.write(past)
    queries = MemberQueries(pool, pointers, written.log_id)
    assert [each["user_id"] for each in docs(await queries.members(WS))] == [ADA, EVE]
    named = docs(await queries.project_members(WS, OPEN))
    assert [(each["user_id"], each["role"]) for each in named] == [(ADA, "admin")]
    assert docs(await queries.project_members(OTHER, OPEN)) == []
    mine = docs(await queries.workspaces([WS, OTHER], Page(limit=1)))
    assert [each["workspace_id"] for each in mine] == [WS]
    workspace = await queries.workspace(WS)
    assert workspace is not None
    assert workspace.fresh
    assert await queries.workspace(made_id("ws", 9)) is None
    assert await queries.workspace(OPEN) is None
    eve = await queries.person(EVE)
    assert eve is not None
    assert (dict(eve.roles), eve.fresh) == ({WS: "guest", OTHER: "owner"}, True)
    assert json.loads(eve.doc or b"")["name"] == "Eve"
    assert await queries.person(made_id("user", 9)) is None


async def test_names_are_kept_and_follow_their_people(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past()
    await written.write(past)
    directory = Directory(pool, pointers)
    names = await directory.names({ADA, BOB, made_id("user", 9), "system"})
    assert names == {ADA: b'"Ada"', BOB: b'"Bob"', "system": b'"System"'}
    past.record("system", BOB, UserRenamed(name='Bob "the" builder', was="Bob"), BOB)
    await written.write(past)
    again = await asyncio.gather(*(directory.names([ADA, BOB], past.position) for _ in range(5)))
    assert again == [{ADA: b'"Ada"', BOB: b'"Bob \\"the\\" builder"'}] * 5
    past.user(9, "Nina")
    await written.write(past)
    assert await directory.names([made_id("user", 9)], past.position) == {
        made_id("user", 9): b'"Nina"'
    }
