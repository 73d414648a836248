"""Who comes in and who goes, also when all happens at once."""

import asyncio

from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.change_member_role import ChangeWorkspaceMemberRole
from commands.workspace.remove_member import RemoveWorkspaceMember
from domain.errors import Kind, Refused
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from tests.commands.refusals import pointers, refusal


def let_in(house, **whom) -> AddWorkspaceMember:
    return AddWorkspaceMember(workspace_id=house.workspace_id, **whom)


async def test_anybody_is_let_in_by_id_or_exact_address(house):
    outcome = await house.run(house.ann, let_in(house, email=" EVE@example.org"))
    assert outcome.state(WORKSPACE).role_of(house.eve) == "member"
    assert not (await house.run(house.ann, let_in(house, user_id=house.eve))).changed
    refused = await refusal(house.run(house.ann, let_in(house, user_id=house.eve, role="guest")))
    assert refused.kind is Kind.ALREADY_EXISTS


async def test_nobody_is_let_in_whom_nobody_knows(house):
    for whom, pointer in (
        ({"email": "nobody@example.org"}, "/email"),
        ({"user_id": new_id("user")}, "/user_id"),
        ({"user_id": "bob"}, "/user_id"),
        ({}, "/user_id"),
        ({"user_id": house.eve, "email": "eve@example.org"}, "/user_id"),
        ({"user_id": house.eve, "role": "king"}, "/role"),
    ):
        assert await pointers(house.run(house.ann, let_in(house, **whom))) == [pointer]


async def test_of_two_last_owners_who_leave_at_once_one_stays(house):
    for _ in range(5):
        await house.run(
            house.ann,
            ChangeWorkspaceMemberRole(
                workspace_id=house.workspace_id, user_id=house.bob, role="owner"
            ),
        )
        done = await asyncio.gather(
            house.run(
                house.ann,
                RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.ann),
            ),
            house.other.run(
                house.bob,
                RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob),
            ),
            return_exceptions=True,
        )
        (refused,) = [each for each in done if isinstance(each, Refused)]
        assert refused.kind is Kind.LAST_OWNER
        if isinstance(done[0], Refused):
            await house.run(house.ann, let_in(house, user_id=house.bob))
            continue
        await house.run(house.bob, let_in(house, user_id=house.ann, role="owner"))
        await house.run(
            house.ann,
            ChangeWorkspaceMemberRole(
                workspace_id=house.workspace_id, user_id=house.bob, role="member"
            ),
        )
