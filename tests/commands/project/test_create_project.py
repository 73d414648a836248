"""A project, its key, and who is in it from the start."""

import asyncio

from commands.project.create_project import CreateProject
from domain.errors import Kind, Refused
from domain.project.state import PROJECT
from infra.ids import new_id
from tests.commands.refusals import pointers, refusal


async def test_a_key_is_made_from_the_name_and_numbered_where_it_is_taken(house):
    assert (await house.project(name="Shop")).key == "SHO"
    assert (await house.project(name="Shop")).key == "SHO2"
    assert (await house.project(name="Shop")).key == "SHO3"


async def test_made_keys_differ_also_when_made_by_many_at_once(house):
    await house.other.run(house.ann, CreateProject(name="x", workspace_id=house.workspace_id))
    command = CreateProject(name="Shop", workspace_id=house.workspace_id)
    made = await asyncio.gather(
        *(where.run(house.ann, command) for where in (house, house.other) for _ in range(16))
    )
    keys = {each.state(PROJECT).key for each in made}
    assert len(keys) == 32
    assert "SHO" in keys
    assert all(key.startswith("SHO") for key in keys)


async def test_a_given_key_is_taken_or_refused(house):
    command = CreateProject(name="x", key="WEB", workspace_id=house.workspace_id)
    refused = await refusal(house.run(house.ann, command))
    assert (refused.kind, refused.fields) == (Kind.ALREADY_EXISTS, {"field": "key"})
    both = await asyncio.gather(
        *(
            where.run(
                house.ann, CreateProject(name="x", key="NEW", workspace_id=house.workspace_id)
            )
            for where in (house, house.other)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Refused) for each in both) == 1
    mine = CreateProject(name="x", key="WEB")
    assert (await house.run(house.ann, mine)).state(PROJECT).key == "WEB"


async def test_who_makes_a_project_for_another_is_an_admin_of_it_too(house):
    command = CreateProject(
        name="x", workspace_id=house.workspace_id, owner_id=house.ann, is_private=True
    )
    project = (await house.run(house.bob, command)).state(PROJECT)
    assert project.owner_id == house.ann
    assert {user_id: each.role for user_id, each in project.members.items()} == {
        house.ann: "admin",
        house.bob: "admin",
    }
    await house.task(actor=house.bob, project_id=project.project_id)


async def test_what_is_wrong_with_a_project(house):
    for wrong, pointer in (
        ({"name": " "}, "/name"),
        ({"key": "web"}, "/key"),
        ({"view_type": "pie"}, "/view_type"),
        ({"owner_id": house.eve}, "/owner_id"),
        ({"project_id": new_id("task")}, "/project_id"),
        ({"workspace_id": new_id("ws")}, "/workspace_id"),
    ):
        command = CreateProject(**{"name": "x", "workspace_id": house.workspace_id} | wrong)
        assert await pointers(house.run(house.ann, command)) == [pointer]
