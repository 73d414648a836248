"""An account, its home, and what is unique about it."""

import asyncio
from dataclasses import replace

from commands.user.edit_profile import EditProfile
from commands.user.link_identity import LinkIdentity
from commands.user.register_user import RegisterUser
from domain.errors import Kind, Refused
from domain.project.state import PROJECT
from domain.user.state import USER
from domain.values.ids import SYSTEM_WORKSPACE
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from tests.commands.refusals import pointers, refusal


def account(username: str = "Zoe", email: str = "zoe@example.org", **other) -> RegisterUser:
    return RegisterUser(**{"user_id": new_id("user"), "username": username, "email": email} | other)


async def test_with_an_account_come_a_workspace_and_a_project_of_its_own(house):
    command = account()
    outcome = await house.run(command.user_id, command)
    user = outcome.state(USER)
    workspace = outcome.state(WORKSPACE, user.default_workspace_id)
    project = outcome.state(PROJECT, user.personal_project_id)
    assert (user.workspace_id, user.name) == (SYSTEM_WORKSPACE, "Zoe")
    assert (workspace.is_personal, workspace.role_of(user.user_id)) == (True, "owner")
    assert (project.key, project.is_personal, project.workflow.any_move) == ("ME", True, True)
    assert project.workspace_id == workspace.workspace_id
    log = (await house.log())[-3:]
    assert len({each.command_id for each in log}) == 1
    assert await house.store.claimed_by("project-key:" + workspace.workspace_id, "ME")


async def test_names_and_addresses_are_taken_whatever_their_case(house):
    for command, field in (
        (account(username="BOB"), "username"),
        (account(email="Bob@Example.ORG"), "email"),
    ):
        refused = await refusal(house.run(command.user_id, command))
        assert (refused.kind, refused.fields) == (Kind.ALREADY_EXISTS, {"field": field})


async def test_of_many_who_want_one_name_at_once_one_gets_it(house):
    commands = [account(email=f"z{n}@example.org") for n in range(10)]
    done = await asyncio.gather(
        *(
            where.run(command.user_id, command)
            for command, where in zip(commands, (house, house.other) * 5, strict=True)
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(each, Refused) for each in done) == 1


async def test_a_retry_of_a_registration_finds_the_first(house):
    first = await house.run(house.ann, account(), key="k")
    again = await house.run(house.ann, account(), key="k")
    assert again.replayed
    assert again.state(USER) == first.state(USER)


async def test_everybody_edits_their_own_profile(house):
    edit = EditProfile(user_id=house.ann, name="Ann", time_zone="Asia/Tokyo")
    user = (await house.run(house.ann, edit)).state(USER)
    assert (user.name, user.time_zone, user.locale) == ("Ann", "Asia/Tokyo", "en")
    assert not (await house.run(house.ann, edit)).changed
    wrong = EditProfile(user_id=house.ann, name="", time_zone="Mars/Olympus")
    assert await pointers(house.run(house.ann, wrong)) == ["/name", "/time_zone"]


async def test_whoever_signs_on_to_register_comes_with_that_identity(house):
    user_id, identity_id = new_id("user"), new_id("idn")
    identity = LinkIdentity(user_id=user_id, identity_id=identity_id, issuer="https://a.example")
    known = account(user_id=user_id, email_verified=True, identity=identity)
    outcome = await house.run(user_id, known)
    assert outcome.state(USER).identities == {identity_id: "https://a.example"}
    other_id = new_id("user")
    other = account(
        user_id=other_id,
        username="Kim",
        email="kim@example.org",
        identity=replace(identity, user_id=other_id),
    )
    assert (await refusal(house.run(other_id, other))).kind is Kind.EMAIL_NOT_VERIFIED
