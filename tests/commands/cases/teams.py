"""Cases of teams and service accounts."""

from commands.workspace.add_team_member import AddTeamMember
from commands.workspace.create_service_account import CreateServiceAccount
from commands.workspace.create_team import CreateTeam
from commands.workspace.delete_team import DeleteTeam
from commands.workspace.remove_team_member import RemoveTeamMember
from commands.workspace.rename_team import RenameTeam
from commands.workspace.service_keys import MakeServiceKey, RevokeServiceKey
from infra.ids import new_id
from tests.commands.cases.table import ADMINS, Cases
from tests.commands.cases.workspaces import newcomer
from tests.commands.conftest import House

CASES = Cases()


async def team(house: House) -> str:
    team_id = new_id("team")
    command = CreateTeam(workspace_id=house.workspace_id, team_id=team_id, name=team_id)
    await house.run(house.ann, command)
    return team_id


async def _member_of_team(house: House) -> tuple[str, str]:
    team_id, user_id = await team(house), await newcomer(house)
    command = AddTeamMember(workspace_id=house.workspace_id, team_id=team_id, user_id=user_id)
    await house.run(house.ann, command)
    return team_id, user_id


@CASES.of(CreateTeam, ADMINS)
async def _create_team(house: House, actor: str) -> object:
    team_id = new_id("team")
    return CreateTeam(workspace_id=house.workspace_id, team_id=team_id, name=team_id)


@CASES.of(RenameTeam, ADMINS)
async def _rename_team(house: House, actor: str) -> object:
    team_id = await team(house)
    return RenameTeam(workspace_id=house.workspace_id, team_id=team_id, name=team_id[::-1])


@CASES.of(DeleteTeam, ADMINS)
async def _delete_team(house: House, actor: str) -> object:
    return DeleteTeam(workspace_id=house.workspace_id, team_id=await team(house))


@CASES.of(AddTeamMember, ADMINS)
async def _add_team_member(house: House, actor: str) -> object:
    return AddTeamMember(
        workspace_id=house.workspace_id, team_id=await team(house), user_id=house.bob
    )


@CASES.of(RemoveTeamMember, ADMINS)
async def _remove_team_member(house: House, actor: str) -> object:
    team_id, user_id = await _member_of_team(house)
    return RemoveTeamMember(workspace_id=house.workspace_id, team_id=team_id, user_id=user_id)


async def _service(house: House) -> str:
    user_id = new_id("user")
    made = CreateServiceAccount(workspace_id=house.workspace_id, user_id=user_id, name="Robot")
    await house.run(house.ann, made)
    return user_id


@CASES.of(CreateServiceAccount, ADMINS)
async def _create_service_account(house: House, actor: str) -> object:
    return CreateServiceAccount(
        workspace_id=house.workspace_id, user_id=new_id("user"), name="Robot"
    )


async def _make_service_key(house: House, actor: str = "") -> MakeServiceKey:
    return MakeServiceKey(
        workspace_id=house.workspace_id,
        user_id=await _service(house),
        key_id=new_id("key"),
        name="CI",
        scopes=("tasks:read",),
    )


CASES.of(MakeServiceKey, ADMINS)(_make_service_key)


@CASES.of(RevokeServiceKey, ADMINS)
async def _revoke_service_key(house: House, actor: str) -> object:
    made = await _make_service_key(house)
    await house.run(house.ann, made)
    return RevokeServiceKey(
        workspace_id=house.workspace_id, user_id=made.user_id, key_id=made.key_id
    )
