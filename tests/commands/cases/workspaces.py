"""Cases of workspaces: who is in them, invitations, labels."""

from typing import Any

from commands.labels.create_label import CreateLabel
from commands.labels.delete_label import DeleteLabel
from commands.labels.edit_label import EditLabel
from commands.labels.merge_label import MergeLabel
from commands.labels.restore_label import RestoreLabel
from commands.user.verify_email import ChangeEmail
from commands.workspace.accept_invitation import AcceptInvitation
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.change_member_role import ChangeWorkspaceMemberRole
from commands.workspace.close_workspace import CloseWorkspace, ReopenWorkspace
from commands.workspace.create_workspace import CreateWorkspace
from commands.workspace.hand_over_tasks import HandOverTasks
from commands.workspace.invite_member import RenewInvitation, RevokeInvitation
from commands.workspace.remove_member import RemoveWorkspaceMember
from commands.workspace.rename_workspace import RenameWorkspace
from commands.workspace.suspend_member import ReactivateMember, SuspendMember
from commands.workspace.transfer_workspace import TransferWorkspace
from commands.workspace.undo_change import UndoWorkspaceChange
from domain.labels.state import LABELS
from infra.ids import new_id
from tests.commands.cases.table import ADMINS, ANYBODY, MEMBERS, Cases
from tests.commands.conftest import House

CASES = Cases()


@CASES.of(CreateWorkspace, ANYBODY)
async def _create_workspace(house: House, actor: str) -> object:
    return CreateWorkspace(name="Mine")


@CASES.of(RenameWorkspace, ADMINS)
async def _rename_workspace(house: House, actor: str) -> object:
    return RenameWorkspace(workspace_id=house.workspace_id, name=new_id("ws"))


@CASES.of(AddWorkspaceMember, ADMINS)
async def _add_workspace_member(house: House, actor: str) -> object:
    user_id = await house.register(new_id("user")[-20:])
    return AddWorkspaceMember(workspace_id=house.workspace_id, user_id=user_id, role="guest")


@CASES.of(ChangeWorkspaceMemberRole, ADMINS)
async def _change_workspace_role(house: House, actor: str) -> object:
    user_id = await newcomer(house)
    return ChangeWorkspaceMemberRole(
        workspace_id=house.workspace_id, user_id=user_id, role="member"
    )


@CASES.of(RemoveWorkspaceMember, ADMINS)
async def _remove_workspace_member(house: House, actor: str) -> object:
    return RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=await newcomer(house))


@CASES.of(TransferWorkspace, "done F F F F -")
async def _transfer_workspace(house: House, actor: str) -> object:
    return TransferWorkspace(workspace_id=house.workspace_id, owner_id=house.bob)


async def _invitation(house: House, email: str) -> str:
    invitation_id = new_id("inv")
    command = AddWorkspaceMember(
        workspace_id=house.workspace_id, email=email, invitation_id=invitation_id
    )
    await house.run(house.ann, command)
    return invitation_id


@CASES.of(RenewInvitation, ADMINS)
async def _renew_invitation(house: House, actor: str) -> object:
    invitation_id = await _invitation(house, f"{new_id('user')}@example.org")
    return RenewInvitation(workspace_id=house.workspace_id, invitation_id=invitation_id)


@CASES.of(RevokeInvitation, ADMINS)
async def _revoke_invitation(house: House, actor: str) -> object:
    invitation_id = await _invitation(house, f"{new_id('user')}@example.org")
    return RevokeInvitation(workspace_id=house.workspace_id, invitation_id=invitation_id)


@CASES.of(AcceptInvitation, "- - - - - done")
async def _accept_invitation(house: House, actor: str) -> object:
    """Eve has the address that was invited."""
    email = f"{new_id('user')}@example.org"
    invitation_id = await _invitation(house, email)
    await house.run(house.eve, ChangeEmail(user_id=house.eve, email=email))
    return AcceptInvitation(workspace_id=house.workspace_id, invitation_id=invitation_id)


@CASES.of(SuspendMember, ADMINS)
async def _suspend_member(house: House, actor: str) -> object:
    return SuspendMember(workspace_id=house.workspace_id, user_id=await newcomer(house))


@CASES.of(ReactivateMember, ADMINS)
async def _reactivate_member(house: House, actor: str) -> object:
    user_id = await newcomer(house)
    suspend = SuspendMember(workspace_id=house.workspace_id, user_id=user_id)
    await house.run(house.ann, suspend)
    return ReactivateMember(workspace_id=house.workspace_id, user_id=user_id)


@CASES.of(HandOverTasks, ADMINS)
async def _hand_over_tasks(house: House, actor: str) -> object:
    task = await house.task(assignee_ids=(house.bob,))
    return HandOverTasks(
        workspace_id=house.workspace_id,
        user_id=house.bob,
        to=house.admin,
        task_ids=(task.task_id,),
    )


@CASES.of(CloseWorkspace, "done F F F F -")
async def _close_workspace(house: House, actor: str) -> object:
    return CloseWorkspace(workspace_id=house.workspace_id, confirm="Acme")


@CASES.of(ReopenWorkspace, "done - - - - -")
async def _reopen_workspace(house: House, actor: str) -> object:
    made = await house.run(house.ann, CreateWorkspace(name="Closed"))
    workspace_id = made.main_stream
    for person in (house.admin, house.bob):
        member = AddWorkspaceMember(workspace_id=workspace_id, user_id=person, role="admin")
        await house.run(house.ann, member)
    await house.run(house.ann, CloseWorkspace(workspace_id=workspace_id, confirm="Closed"))
    return ReopenWorkspace(workspace_id=workspace_id)


async def newcomer(house: House) -> str:
    user_id = await house.register(new_id("user")[-20:])
    command = AddWorkspaceMember(workspace_id=house.workspace_id, user_id=user_id, role="guest")
    await house.run(house.ann, command)
    return user_id


@CASES.of(UndoWorkspaceChange, ADMINS)
async def _undo_workspace_change(house: House, actor: str) -> object:
    rename = RenameWorkspace(workspace_id=house.workspace_id, name=new_id("ws"))
    done = await house.run(house.ann, rename)
    return UndoWorkspaceChange(workspace_id=house.workspace_id, position=done.position)


def on_label(command: type, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        for _ in range(2):
            made = CreateLabel(workspace_id=house.workspace_id, name=new_id("lbl"))
            labels = (await house.run(house.ann, made)).state(LABELS)
        label_id = list(labels.by_id)[-1]
        if command is RestoreLabel:
            gone = DeleteLabel(workspace_id=house.workspace_id, label_id=label_id)
            await house.run(house.ann, gone)
        given = {key: value(labels) for key, value in other.items()}
        return command(workspace_id=house.workspace_id, label_id=label_id, **given)

    CASES[command] = (MEMBERS, make)


@CASES.of(CreateLabel, MEMBERS)
async def _create_label(house: House, actor: str) -> object:
    return CreateLabel(workspace_id=house.workspace_id, name=new_id("lbl"))


on_label(EditLabel, name=lambda labels: new_id("lbl"))
on_label(DeleteLabel)
on_label(RestoreLabel)
on_label(MergeLabel, into=lambda labels: next(iter(labels.by_id)))
