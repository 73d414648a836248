"""Every command against every kind of person: who may, who may not, and who sees nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.comment.add_comment import AddComment
from commands.comment.delete_comment import DeleteComment
from commands.comment.edit_comment import EditComment
from commands.comment.restore_comment import RestoreComment
from commands.custody.approve_as_operator import (
    ApproveErasureAsOperator,
    OperatorOverCustody,
)
from commands.custody.approve_erasure import (
    ApproveErasure,
    CompleteErasure,
    NoteErasure,
    TheEraser,
)
from commands.custody.ask_erasure import AskErasure, WithdrawErasure
from commands.custody.holds import ApproveHold, LiftHold, ProposeHold
from commands.dependency_graph.add_dependency import AddDependency
from commands.dependency_graph.remove_dependency import RemoveDependency
from commands.export.record_export import RecordExport
from commands.favourites.add_favourite import AddFavourite
from commands.favourites.remove_favourite import RemoveFavourite
from commands.labels.create_label import CreateLabel
from commands.labels.delete_label import DeleteLabel
from commands.labels.edit_label import EditLabel
from commands.labels.merge_label import MergeLabel
from commands.labels.restore_label import RestoreLabel
from commands.notifications.change_preferences import ChangePreferences
from commands.notifications.read_all_notifications import ReadAllNotifications
from commands.notifications.read_notification import ReadNotification
from commands.notifications.remind import Remind, TheScheduleOfTasks
from commands.notifications.snooze_notification import SnoozeNotification
from commands.permissions import (
    ByOperator,
    BySystem,
    ForOneself,
    Invited,
    OwnAccount,
    OwnerOfClosed,
    OwnInbox,
)
from commands.project.add_member import AddProjectMember
from commands.project.add_team import AddProjectTeam
from commands.project.archive_project import ArchiveProject
from commands.project.change_columns import ChangeColumns
from commands.project.change_fields import ChangeFields
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.project.change_team_role import ChangeProjectTeamRole
from commands.project.change_types import ChangeTypes
from commands.project.change_workflow import ChangeWorkflow
from commands.project.create_project import CreateProject
from commands.project.edit_project import EditProject
from commands.project.remove_member import RemoveProjectMember
from commands.project.remove_team import RemoveProjectTeam
from commands.project.unarchive_project import UnarchiveProject
from commands.project.undo_change import UndoProjectChange
from commands.reactions.add_reaction import AddReaction
from commands.reactions.remove_reaction import RemoveReaction
from commands.recurrence.make_occurrence import MakeOccurrence, TheSchedule
from commands.recurrence.resume_recurrence import ResumeRecurrence
from commands.recurrence.set_recurrence import SetRecurrence
from commands.recurrence.stop_recurrence import StopRecurrence
from commands.recurrence.withdraw_occurrence import WithdrawOccurrence
from commands.registry import all_commands
from commands.review.attest_review import AttestReview
from commands.review.schedule_reviews import ScheduleReviews
from commands.role_table import AS_ANOTHER, STANDINGS, May, row
from commands.saved_view.change_saved_view import ChangeSavedView
from commands.saved_view.delete_saved_view import DeleteSavedView
from commands.saved_view.on_saved_view import SavesViews
from commands.saved_view.restore_saved_view import RestoreSavedView
from commands.saved_view.save_view import SaveView
from commands.security.note_security import NoteSecurity, TheWatch
from commands.security.record_trail_read import RecordTrailRead
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.change_tasks import ChangeTasks
from commands.task.create_task import CreateTask
from commands.task.duplicate_task import DuplicateTask
from commands.task.edit_task import EditTask
from commands.task.move_task import MoveTask
from commands.task.move_to_project import MoveToProject
from commands.task.respace_cards import RespaceCards
from commands.task.restore_task import RestoreTask
from commands.task.return_task import ReturnTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_parent import SetParent
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from commands.task.undo_changes import UndoChanges
from commands.template.change_template import ChangeTemplate
from commands.template.create_template import CreateTemplate
from commands.template.delete_template import DeleteTemplate
from commands.template.on_template import OnTemplate
from commands.template.restore_template import RestoreTemplate
from commands.template.use_template import UseTemplate
from commands.user.change_credentials import (
    ChangePassword,
    DisableSecondFactor,
    EnableSecondFactor,
    RenewRecoveryCodes,
)
from commands.user.edit_profile import EditProfile
from commands.user.link_identity import LinkIdentity, UnlinkIdentity
from commands.user.make_api_key import MakeApiKey
from commands.user.register_user import RegisterUser
from commands.user.revoke_api_key import RevokeApiKey
from commands.user.suspend_user import ActivateUser, SuspendUser
from commands.user.verify_email import ChangeEmail, VerifyEmail
from commands.watching.mute_task import MuteTask
from commands.watching.unmute_task import UnmuteTask
from commands.watching.unwatch_task import UnwatchTask
from commands.watching.watch_task import WatchTask
from commands.workspace.accept_invitation import AcceptInvitation
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.add_team_member import AddTeamMember
from commands.workspace.change_member_role import ChangeWorkspaceMemberRole
from commands.workspace.close_workspace import CloseWorkspace, ReopenWorkspace
from commands.workspace.create_service_account import CreateServiceAccount
from commands.workspace.create_team import CreateTeam
from commands.workspace.create_workspace import CreateWorkspace
from commands.workspace.delete_team import DeleteTeam
from commands.workspace.hand_over_tasks import HandOverTasks
from commands.workspace.invite_member import RenewInvitation, RevokeInvitation
from commands.workspace.remove_member import RemoveWorkspaceMember
from commands.workspace.remove_team_member import RemoveTeamMember
from commands.workspace.rename_team import RenameTeam
from commands.workspace.rename_workspace import RenameWorkspace
from commands.workspace.service_keys import MakeServiceKey, RevokeServiceKey
from commands.workspace.suspend_member import ReactivateMember, SuspendMember
from commands.workspace.transfer_workspace import TransferWorkspace
from commands.workspace.undo_change import UndoWorkspaceChange
from domain.errors import Invalid, Kind, Refused
from domain.labels.state import LABELS
from domain.project.board import ColumnDraft
from domain.project.fields import FieldDraft
from domain.project.types import TaskType
from domain.project.workflow import DEFAULT_WORKFLOW
from domain.recurrence.state import RECURRENCE
from domain.security.events import ApiKeyUsed
from domain.task.state import Task
from domain.template.decisions import TaskOutline
from domain.values.ids import graph_of
from domain.workspace.roles import RIGHTS_IN_WORKSPACE
from infra.ids import new_id
from tests.commands.conftest import House

WITH_ANY_LOG = True


# What comes back: done, F(orbidden), or - as if there were nothing; in this order of people.
PEOPLE = ("ann", "admin", "bob", "guest", "auditor", "eve")

ANYBODY = "done done done done done done"
ADMINS = "done done F F F -"
MEMBERS = "done done done F F -"
EVERY_MEMBER = "done done done done done -"
IN_PROJECT = "done done done - F -"
OVER_PROJECT = "done done F - F -"

Make = Callable[[House, str], Awaitable[object]]
CASES: dict[type, tuple[str, Make]] = {}


def case(command: type, expected: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        CASES[command] = (expected, make)
        return make

    return keep


def on_task(command: type, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        task = await _task(house, trashed=command is RestoreTask)
        return command(task_id=task.task_id, **other)

    CASES[command] = (IN_PROJECT, make)


def on_project(command: type, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        project = await house.project()
        if command is UnarchiveProject:
            await house.run(house.ann, ArchiveProject(project_id=project.project_id))
        if command in (ChangeProjectMemberRole, RemoveProjectMember):
            await house.run(
                house.ann,
                AddProjectMember(project_id=project.project_id, user_id=house.auditor),
            )
        if command in (AddProjectTeam, ChangeProjectTeamRole, RemoveProjectTeam):
            other["team_id"] = team_id = await _team(house)
            if command is not AddProjectTeam:
                named = AddProjectTeam(project_id=project.project_id, team_id=team_id)
                await house.run(house.ann, named)
        given = {key: value(house) if callable(value) else value for key, value in other.items()}
        return command(project_id=project.project_id, **given)

    CASES[command] = (OVER_PROJECT, make)


def on_account(command: type, expected: str = "done - - - - -", **other: Any) -> None:
    """About Ann's own account."""

    async def make(house: House, actor: str) -> object:
        if command is RenewRecoveryCodes:
            await house.run(house.ann, EnableSecondFactor(user_id=house.ann))
        given = {
            key: await value(house) if callable(value) else value for key, value in other.items()
        }
        return command(user_id=house.ann, **given)

    CASES[command] = (expected, make)


async def _key_of(house: House, user_id: str) -> str:
    key_id = new_id("key")
    command = MakeApiKey(user_id=user_id, key_id=key_id, name="CI", scopes=("tasks:read",))
    await house.run(user_id, command)
    return key_id


async def _new_identity(house: House, user_id: str) -> str:
    """For an account whose address is verified."""
    await house.run(user_id, VerifyEmail(user_id=user_id, email="ann@example.org"))
    return new_id("idn")


async def _identity_of(house: House, user_id: str) -> str:
    identity_id = await _new_identity(house, user_id)
    issuer = "https://a.example"
    await house.run(user_id, LinkIdentity(user_id=user_id, identity_id=identity_id, issuer=issuer))
    return identity_id


async def _task(house: House, *, trashed: bool = False) -> Task:
    task = await house.task()
    if trashed:
        await house.run(house.ann, TrashTask(task_id=task.task_id))
    return task


@case(RegisterUser, ANYBODY)
async def _register(house: House, actor: str) -> object:
    user_id = new_id("user")
    name = user_id[-20:]
    return RegisterUser(user_id=user_id, username=name, email=f"{name}@example.org")


@case(EditProfile, "done - - - - -")
async def _edit_profile(house: House, actor: str) -> object:
    return EditProfile(user_id=house.ann, name=f"Ann {new_id('user')}")


@case(CreateWorkspace, ANYBODY)
async def _create_workspace(house: House, actor: str) -> object:
    return CreateWorkspace(name="Mine")


@case(RenameWorkspace, ADMINS)
async def _rename_workspace(house: House, actor: str) -> object:
    return RenameWorkspace(workspace_id=house.workspace_id, name=new_id("ws"))


@case(AddWorkspaceMember, ADMINS)
async def _add_workspace_member(house: House, actor: str) -> object:
    user_id = await house.register(new_id("user")[-20:])
    return AddWorkspaceMember(workspace_id=house.workspace_id, user_id=user_id, role="guest")


@case(ChangeWorkspaceMemberRole, ADMINS)
async def _change_workspace_role(house: House, actor: str) -> object:
    user_id = await _newcomer(house)
    return ChangeWorkspaceMemberRole(
        workspace_id=house.workspace_id, user_id=user_id, role="member"
    )


@case(RemoveWorkspaceMember, ADMINS)
async def _remove_workspace_member(house: House, actor: str) -> object:
    return RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=await _newcomer(house))


async def _team(house: House) -> str:
    team_id = new_id("team")
    command = CreateTeam(workspace_id=house.workspace_id, team_id=team_id, name=team_id)
    await house.run(house.ann, command)
    return team_id


async def _member_of_team(house: House) -> tuple[str, str]:
    team_id, user_id = await _team(house), await _newcomer(house)
    command = AddTeamMember(workspace_id=house.workspace_id, team_id=team_id, user_id=user_id)
    await house.run(house.ann, command)
    return team_id, user_id


@case(CreateTeam, ADMINS)
async def _create_team(house: House, actor: str) -> object:
    team_id = new_id("team")
    return CreateTeam(workspace_id=house.workspace_id, team_id=team_id, name=team_id)


@case(RenameTeam, ADMINS)
async def _rename_team(house: House, actor: str) -> object:
    team_id = await _team(house)
    return RenameTeam(workspace_id=house.workspace_id, team_id=team_id, name=team_id[::-1])


@case(DeleteTeam, ADMINS)
async def _delete_team(house: House, actor: str) -> object:
    return DeleteTeam(workspace_id=house.workspace_id, team_id=await _team(house))


@case(AddTeamMember, ADMINS)
async def _add_team_member(house: House, actor: str) -> object:
    return AddTeamMember(
        workspace_id=house.workspace_id, team_id=await _team(house), user_id=house.bob
    )


@case(RemoveTeamMember, ADMINS)
async def _remove_team_member(house: House, actor: str) -> object:
    team_id, user_id = await _member_of_team(house)
    return RemoveTeamMember(workspace_id=house.workspace_id, team_id=team_id, user_id=user_id)


async def _service(house: House) -> str:
    user_id = new_id("user")
    made = CreateServiceAccount(workspace_id=house.workspace_id, user_id=user_id, name="Robot")
    await house.run(house.ann, made)
    return user_id


@case(CreateServiceAccount, ADMINS)
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


case(MakeServiceKey, ADMINS)(_make_service_key)


@case(RevokeServiceKey, ADMINS)
async def _revoke_service_key(house: House, actor: str) -> object:
    made = await _make_service_key(house)
    await house.run(house.ann, made)
    return RevokeServiceKey(
        workspace_id=house.workspace_id, user_id=made.user_id, key_id=made.key_id
    )


@case(TransferWorkspace, "done F F F F -")
async def _transfer_workspace(house: House, actor: str) -> object:
    return TransferWorkspace(workspace_id=house.workspace_id, owner_id=house.bob)


async def _invitation(house: House, email: str) -> str:
    invitation_id = new_id("inv")
    command = AddWorkspaceMember(
        workspace_id=house.workspace_id, email=email, invitation_id=invitation_id
    )
    await house.run(house.ann, command)
    return invitation_id


@case(RenewInvitation, ADMINS)
async def _renew_invitation(house: House, actor: str) -> object:
    invitation_id = await _invitation(house, f"{new_id('user')}@example.org")
    return RenewInvitation(workspace_id=house.workspace_id, invitation_id=invitation_id)


@case(RevokeInvitation, ADMINS)
async def _revoke_invitation(house: House, actor: str) -> object:
    invitation_id = await _invitation(house, f"{new_id('user')}@example.org")
    return RevokeInvitation(workspace_id=house.workspace_id, invitation_id=invitation_id)


@case(AcceptInvitation, "- - - - - done")
async def _accept_invitation(house: House, actor: str) -> object:
    """Eve has the address that was invited."""
    email = f"{new_id('user')}@example.org"
    invitation_id = await _invitation(house, email)
    await house.run(house.eve, ChangeEmail(user_id=house.eve, email=email))
    return AcceptInvitation(workspace_id=house.workspace_id, invitation_id=invitation_id)


@case(SuspendMember, ADMINS)
async def _suspend_member(house: House, actor: str) -> object:
    return SuspendMember(workspace_id=house.workspace_id, user_id=await _newcomer(house))


@case(ReactivateMember, ADMINS)
async def _reactivate_member(house: House, actor: str) -> object:
    user_id = await _newcomer(house)
    suspend = SuspendMember(workspace_id=house.workspace_id, user_id=user_id)
    await house.run(house.ann, suspend)
    return ReactivateMember(workspace_id=house.workspace_id, user_id=user_id)


@case(HandOverTasks, ADMINS)
async def _hand_over_tasks(house: House, actor: str) -> object:
    task = await house.task(assignee_ids=(house.bob,))
    return HandOverTasks(
        workspace_id=house.workspace_id,
        user_id=house.bob,
        to=house.admin,
        task_ids=(task.task_id,),
    )


@case(RecordExport, "done done F F done -")
async def _record_export(house: House, actor: str) -> object:
    return RecordExport(
        workspace_id=house.workspace_id,
        export_id=new_id("exp"),
        format="bundle",
        events=3,
        digest="00" * 32,
    )


@case(CloseWorkspace, "done F F F F -")
async def _close_workspace(house: House, actor: str) -> object:
    return CloseWorkspace(workspace_id=house.workspace_id, confirm="Acme")


@case(ReopenWorkspace, "done - - - - -")
async def _reopen_workspace(house: House, actor: str) -> object:
    made = await house.run(house.ann, CreateWorkspace(name="Closed"))
    workspace_id = made.main_stream
    for person in (house.admin, house.bob):
        member = AddWorkspaceMember(workspace_id=workspace_id, user_id=person, role="admin")
        await house.run(house.ann, member)
    await house.run(house.ann, CloseWorkspace(workspace_id=workspace_id, confirm="Closed"))
    return ReopenWorkspace(workspace_id=workspace_id)


async def _newcomer(house: House) -> str:
    user_id = await house.register(new_id("user")[-20:])
    command = AddWorkspaceMember(workspace_id=house.workspace_id, user_id=user_id, role="guest")
    await house.run(house.ann, command)
    return user_id


@case(CreateProject, MEMBERS)
async def _create_project(house: House, actor: str) -> object:
    return CreateProject(name="Another", workspace_id=house.workspace_id)


@case(CreateTask, IN_PROJECT)
async def _create_task(house: House, actor: str) -> object:
    return CreateTask(title="x", project_id=house.project_id)


on_account(VerifyEmail, email="ann@example.org")
on_account(ChangeEmail, email="Ann@example.org")
on_account(ChangePassword)
on_account(EnableSecondFactor)
on_account(DisableSecondFactor)
on_account(RenewRecoveryCodes)
on_account(
    LinkIdentity,
    identity_id=lambda house: _new_identity(house, house.ann),
    issuer="https://a.example",
)
on_account(UnlinkIdentity, identity_id=lambda house: _identity_of(house, house.ann))
on_account(MakeApiKey, key_id=new_id("key"), name="CI", scopes=("tasks:read",))
on_account(RevokeApiKey, key_id=lambda house: _key_of(house, house.ann))
on_account(ChangePreferences, preferences={"task_assigned": {"email": False}})
on_account(SuspendUser, "- - - - - -")  # who may has no account at all
on_account(ActivateUser, "- - - - - -")


@case(AddDependency, IN_PROJECT)
async def _add_dependency(house: House, actor: str) -> object:
    task, other = await house.task(), await house.task()
    return AddDependency(task_id=task.task_id, other_task_id=other.task_id)


@case(RemoveDependency, IN_PROJECT)
async def _remove_dependency(house: House, actor: str) -> object:
    task, other = await house.task(), await house.task()
    await house.run(house.ann, AddDependency(task_id=task.task_id, other_task_id=other.task_id))
    edge = (await house.events(graph_of(house.workspace_id)))[-1]
    return RemoveDependency(task_id=task.task_id, dependency_id=edge.dependency_id)


on_project(EditProject, name="Shop")
on_project(ArchiveProject)
on_project(UnarchiveProject)
on_project(AddProjectMember, user_id=lambda house: house.bob, role="viewer")
on_project(ChangeProjectMemberRole, user_id=lambda house: house.auditor, role="viewer")
on_project(RemoveProjectMember, user_id=lambda house: house.auditor)
on_project(AddProjectTeam)
on_project(ChangeProjectTeamRole, role="viewer")
on_project(RemoveProjectTeam)
on_project(
    ChangeWorkflow,
    initial="todo",
    statuses=DEFAULT_WORKFLOW.statuses,
    transitions=DEFAULT_WORKFLOW.transitions[1:],
)
on_project(
    ChangeColumns,
    columns=(
        ColumnDraft(name="All", statuses=tuple(each.key for each in DEFAULT_WORKFLOW.statuses)),
    ),
)
on_project(ChangeFields, fields=(FieldDraft(key="size", name="Size", type="number"),))
on_project(ChangeTypes, types=(TaskType(key="wish", name="Wish"),))
on_task(EditTask, title="Varnish it")
on_task(AssignTask, assignee_id=None, assignee_ids=())
on_task(SetPriority, priority=1)
on_task(SetDueDate, due_date="2026-03-01T09:00:00Z")
on_task(TagTask, tags=("a",))
on_task(ChangeStatus, status="in_progress")
on_task(MoveTask, status="in_progress")
on_task(ReturnTask, status="in_progress", rank="a0V")
on_task(TrashTask)
on_task(DuplicateTask)
on_task(RestoreTask)
on_task(AddComment, text="Done?")
on_task(SetRecurrence, rule="FREQ=DAILY", due_date="2026-03-01")


def on_series(command: type, expected: str = IN_PROJECT) -> None:
    async def make(house: House, actor: str) -> object:
        task = await house.task()
        weekly = SetRecurrence(task_id=task.task_id, rule="FREQ=WEEKLY", due_date="2026-03-01")
        began = await house.run(house.ann, weekly)
        if command is MakeOccurrence:
            return MakeOccurrence(recurrence_id=began.main_stream, after=1)
        if command is WithdrawOccurrence:
            await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="cancelled"))
            series = await house.executor.states.read(RECURRENCE, began.main_stream)
            assert series is not None
            return WithdrawOccurrence(
                task_id=task.task_id, due_at=series.first, withdrawn=series.task_id
            )
        if command is ResumeRecurrence:
            await house.run(house.ann, StopRecurrence(task_id=task.task_id))
        return command(task_id=task.task_id)

    CASES[command] = (expected, make)


def on_template(command: type, expected: str, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        made = await house.run(
            house.ann,
            CreateTemplate(
                name="A talk",
                workspace_id=house.workspace_id,
                tasks=(TaskOutline(title="Talk"),),
            ),
        )
        if command is RestoreTemplate:
            await house.run(house.ann, DeleteTemplate(template_id=made.main_stream))
        if command is UseTemplate:
            other["project_id"] = house.project_id
        return command(template_id=made.main_stream, **other)

    CASES[command] = (expected, make)


@case(CreateTemplate, MEMBERS)
async def _create_template(house: House, actor: str) -> object:
    return CreateTemplate(
        name="A talk", workspace_id=house.workspace_id, tasks=(TaskOutline(title="Talk"),)
    )


on_template(ChangeTemplate, "done done F - - -", name="A speech")
on_template(DeleteTemplate, "done done F - - -")
on_template(RestoreTemplate, "done done F - - -")
on_template(UseTemplate, "done done done - - -")


@case(SaveView, "done done done done F -")
async def _save_view(house: House, actor: str) -> object:
    return SaveView(name="Mine", query="assignee = me", workspace_id=house.workspace_id)


def on_saved_view(command: type, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        made = await house.run(house.ann, SaveView(name="Ours", project_id=house.project_id))
        if command is RestoreSavedView:
            await house.run(house.ann, DeleteSavedView(view_id=made.main_stream))
        return command(view_id=made.main_stream, **other)

    CASES[command] = (OVER_PROJECT, make)


on_saved_view(ChangeSavedView, name="Yours")
on_saved_view(DeleteSavedView)
on_saved_view(RestoreSavedView)
on_series(StopRecurrence)
on_series(ResumeRecurrence)
on_series(WithdrawOccurrence)
on_series(MakeOccurrence, "- - - - - -")  # the clock has no account


on_task(RespaceCards, project_id="proj_1")
on_task(Remind, lead=timedelta(days=1))
CASES[Remind] = ("- - - - - -", CASES[Remind][1])  # the clock has no account
CASES[RespaceCards] = ("- - - - - -", CASES[RespaceCards][1])  # the product by itself


@case(MoveToProject, IN_PROJECT)
async def _move_to_project(house: House, actor: str) -> object:
    task, project = await house.task(), await house.project()
    return MoveToProject(task_id=task.task_id, project_id=project.project_id)


@case(SetParent, IN_PROJECT)
async def _set_parent(house: House, actor: str) -> object:
    task, parent = await house.task(), await house.task()
    return SetParent(task_id=task.task_id, parent_task_id=parent.task_id)


@case(ChangeTasks, EVERY_MEMBER)
async def _change_tasks(house: House, actor: str) -> object:
    """Each task by the rights of its own: who may not is told so of each."""
    task = await house.task()
    return ChangeTasks(
        workspace_id=house.workspace_id,
        task_ids=(task.task_id,),
        changes=(SetPriority(task_id="", priority=1),),
    )


@case(UndoChanges, EVERY_MEMBER)
async def _undo_changes(house: House, actor: str) -> object:
    task = await house.task()
    done = await house.run(house.ann, SetPriority(task_id=task.task_id, priority=1))
    return UndoChanges(workspace_id=house.workspace_id, changes=((done.position, None),))


@case(UndoChange, IN_PROJECT)
async def _undo_change(house: House, actor: str) -> object:
    task = await house.task()
    done = await house.run(house.ann, SetPriority(task_id=task.task_id, priority=1))
    return UndoChange(task_id=task.task_id, position=done.position)


@case(UndoProjectChange, OVER_PROJECT)
async def _undo_project_change(house: House, actor: str) -> object:
    project = await house.project()
    rename = EditProject(project_id=project.project_id, name="Another name")
    done = await house.run(house.ann, rename)
    return UndoProjectChange(project_id=project.project_id, position=done.position)


@case(UndoWorkspaceChange, ADMINS)
async def _undo_workspace_change(house: House, actor: str) -> object:
    rename = RenameWorkspace(workspace_id=house.workspace_id, name=new_id("ws"))
    done = await house.run(house.ann, rename)
    return UndoWorkspaceChange(workspace_id=house.workspace_id, position=done.position)


def on_comment(command: type, expected: str, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        task = await house.task()
        said = await house.run(house.ann, AddComment(task_id=task.task_id, text="Done?"))
        if command is RestoreComment:
            await house.run(house.ann, DeleteComment(comment_id=said.main_stream))
        return command(comment_id=said.main_stream, **other)

    CASES[command] = (expected, make)


on_comment(EditComment, "done F F - F -", text="Done.")
on_comment(DeleteComment, "done done F - F -")
on_comment(RestoreComment, "done done - - - -")
on_comment(AddReaction, IN_PROJECT, emoji="\U0001f44d")
on_comment(RemoveReaction, IN_PROJECT, emoji="\U0001f44d")


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


@case(CreateLabel, MEMBERS)
async def _create_label(house: House, actor: str) -> object:
    return CreateLabel(workspace_id=house.workspace_id, name=new_id("lbl"))


FOR_ONESELF = "done done done - F -"


def for_oneself(command: type) -> None:
    on_task(command)
    CASES[command] = (FOR_ONESELF, CASES[command][1])


for _command in (WatchTask, UnwatchTask, MuteTask, UnmuteTask, AddFavourite, RemoveFavourite):
    for_oneself(_command)

OWN_INBOX = "done done done done F -"


@case(ReadNotification, OWN_INBOX)
async def _read_notification(house: House, actor: str) -> object:
    mine = new_id("ntf")
    return ReadNotification(workspace_id=house.workspace_id, notification_id=mine, upto=1)


@case(ReadAllNotifications, OWN_INBOX)
async def _read_all_notifications(house: House, actor: str) -> object:
    return ReadAllNotifications(workspace_id=house.workspace_id, upto=1)


@case(SnoozeNotification, OWN_INBOX)
async def _snooze_notification(house: House, actor: str) -> object:
    later = datetime(2100, 1, 1, tzinfo=UTC)
    return SnoozeNotification(
        workspace_id=house.workspace_id, notification_id=new_id("ntf"), until=later
    )


TRAIL_READERS = "done done F F done -"


@case(RecordTrailRead, TRAIL_READERS)
async def _record_trail_read(house: House, actor: str) -> object:
    return RecordTrailRead(
        workspace_id=house.workspace_id, filter={}, events=0, goes_on=False, upto=1
    )


@case(NoteSecurity, "- - - - - -")  # the product by itself
async def _note_security(house: House, actor: str) -> object:
    return NoteSecurity(workspace_id=house.workspace_id, event=ApiKeyUsed(key_id=new_id("key")))


async def _asked(house: House, actor: str) -> tuple[str, str]:
    """An erasure that somebody else than the actor has asked for, and of whom."""
    user_id, erasure_id = await _newcomer(house), new_id("ers")
    by = house.admin if actor == "ann" else house.ann
    ask = AskErasure(workspace_id=house.workspace_id, user_id=user_id, erasure_id=erasure_id)
    await house.run(by, ask)
    return erasure_id, user_id


async def _proposed(house: House, actor: str) -> str:
    hold_id = new_id("hold")
    by = house.admin if actor == "ann" else house.ann
    await house.run(by, _a_hold(house, hold_id))
    return hold_id


def _a_hold(house: House, hold_id: str) -> ProposeHold:
    return ProposeHold(
        workspace_id=house.workspace_id,
        hold_id=hold_id,
        reason="Case 7",
        since=datetime(2100, 1, 1, tzinfo=UTC),
    )


@case(AskErasure, ADMINS)
async def _ask_erasure(house: House, actor: str) -> object:
    return AskErasure(workspace_id=house.workspace_id, user_id=await _newcomer(house))


@case(WithdrawErasure, ADMINS)
async def _withdraw_erasure(house: House, actor: str) -> object:
    erasure_id, user_id = await _asked(house, actor)
    return WithdrawErasure(workspace_id=house.workspace_id, user_id=user_id, erasure_id=erasure_id)


@case(ApproveErasure, ADMINS)
async def _approve_erasure(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return ApproveErasure(workspace_id=house.workspace_id, erasure_id=erasure_id, found=())


@case(ApproveErasureAsOperator, "- - - - - -")  # who may has no account at all
async def _approve_as_operator(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return ApproveErasureAsOperator(
        workspace_id=house.workspace_id, erasure_id=erasure_id, found=(), by="Olga"
    )


@case(NoteErasure, "- - - - - -")
async def _note_erasure(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return NoteErasure(
        workspace_id=house.workspace_id, erasure_id=erasure_id, key_ids=(), counts={}
    )


@case(CompleteErasure, "- - - - - -")
async def _complete_erasure(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return CompleteErasure(workspace_id=house.workspace_id, erasure_id=erasure_id, views={})


@case(ProposeHold, ADMINS)
async def _propose_hold(house: House, actor: str) -> object:
    return _a_hold(house, new_id("hold"))


@case(LiftHold, ADMINS)
async def _lift_hold(house: House, actor: str) -> object:
    return LiftHold(workspace_id=house.workspace_id, hold_id=await _proposed(house, actor))


@case(ApproveHold, ADMINS)
async def _approve_hold(house: House, actor: str) -> object:
    return ApproveHold(workspace_id=house.workspace_id, hold_id=await _proposed(house, actor))


@case(AttestReview, TRAIL_READERS)
async def _attest_review(house: House, actor: str) -> object:
    """Of what they did nothing in themselves: that somebody else registered."""
    return AttestReview(workspace_id=house.workspace_id, first=1, last=1, note="Looked at.")


@case(ScheduleReviews, ADMINS)
async def _schedule_reviews(house: House, actor: str) -> object:
    every_days = 1 + len(await house.log()) % 300
    return ScheduleReviews(workspace_id=house.workspace_id, every_days=every_days)


on_label(EditLabel, name=lambda labels: new_id("lbl"))
on_label(DeleteLabel)
on_label(RestoreLabel)
on_label(MergeLabel, into=lambda labels: next(iter(labels.by_id)))

REGISTRY = all_commands()


IN_WORKSPACE = tuple(RIGHTS_IN_WORKSPACE.values())


def test_every_command_of_the_registry_is_walked():
    """Where this fails for a command: one more `case`, `on_task`, `on_project`, `on_comment` or
    `on_account` above."""
    walked = set(CASES)
    here = {spec.command for spec in REGISTRY if not spec.command.__module__.startswith(IMPORTS)}
    assert walked == here


# Imports have a walk of their own, beside what they need to be given.
IMPORTS = "commands.imports"


# Those whom projects name, all guests of the workspace, and who else may there what they may.
NAMED = {"admin_there": ("admin", "admin"), "member_there": ("member", "bob"),
         "viewer_there": ("viewer", "auditor")}  # fmt: skip
# How the table of roles calls each of them.
CALLED = {
    "ann": "owner", "admin": "admin", "bob": "member", "guest": "guest", "auditor": "auditor",
    "eve": "stranger", "admin_there": "project admin", "member_there": "project member",
    "viewer_there": "project viewer",
}  # fmt: skip


def test_an_auditor_reads_and_attests_and_changes_nothing():
    """Of the commands that go by roles; imports too."""
    auditor = [each.name for each in STANDINGS].index("auditor")
    may = {
        spec.command.__name__
        for spec in REGISTRY
        if (cells := row(spec)) is not None and cells[auditor] in (May.YES, May.OWN)
    }
    assert may == {
        "RegisterUser", "CreateWorkspace",  # any account, for itself
        "RemoveWorkspaceMember", "RemoveTeamMember",  # anybody may leave
        "ChangeTasks", "UndoChanges",  # each of their tasks refuses them (`test_who_may`)
        "ChangeSavedView", "DeleteSavedView", "RestoreSavedView",  # refused to them
        "AskErasure", "WithdrawErasure",  # of themselves
        "RecordTrailRead", "RecordExport", "AttestReview",
    }  # fmt: skip


def expected_of(command: type) -> dict[str, str]:
    """What comes back, person by person, the most powerful first."""
    expected = dict(zip(PEOPLE, CASES[command][0].split(), strict=True))
    permission: Any = REGISTRY.spec_of(object.__new__(command)).permission
    right = getattr(permission, "right", None)
    in_project = right is not None and all(right not in each for each in IN_WORKSPACE)
    for person, (_, alike) in NAMED.items():
        expected[person] = expected[alike if in_project else "guest"]
        if isinstance(permission, ForOneself):
            expected[person] = "done"
    order = ("ann", "admin", "admin_there", "bob", "member_there", "guest", "auditor",
             "viewer_there", "eve")  # fmt: skip
    return {person: expected[person] for person in order}


BY_OTHER_THAN_ROLES = (OwnAccount, ByOperator, BySystem, TheSchedule, Invited, OwnerOfClosed,
                       OnTemplate, OwnInbox, TheScheduleOfTasks, SavesViews,
                       TheWatch, TheEraser, OperatorOverCustody)  # fmt: skip


@pytest.mark.parametrize("command", CASES, ids=lambda command: command.__name__)
def test_the_table_of_roles_says_what_comes_back(command: type):
    spec = REGISTRY.spec_of(object.__new__(command))
    cells = row(spec)
    if cells is None:
        assert command in AS_ANOTHER or isinstance(spec.permission, BY_OTHER_THAN_ROLES)
        return
    said = dict(zip((each.name for each in STANDINGS), cells, strict=True))
    # What is walked is Ann's, so `own` is allowed to her alone.
    meant = {May.YES: {"done"}, May.NO: {"F"}, May.HIDDEN: {"-"}, May.OWN: {"F", "-"}}
    if getattr(spec.permission, "deleted", False):
        meant[May.NO] |= {"-"}  # what is deleted is there for whoever may bring it back
    for person, comes_back in expected_of(command).items():
        may = said[CALLED[person]]
        assert comes_back in meant[may] or (may is May.OWN and person == "ann"), person


@pytest.mark.parametrize("command", CASES, ids=lambda command: command.__name__)
async def test_who_may(house: House, command: type):
    await house.let_in_by_projects({each: role for each, (role, _) in NAMED.items()})
    make = CASES[command][1]
    for person, may in reversed(expected_of(command).items()):
        made = await make(house, person)
        before = len(await house.log())
        assert await _what_happens(house, person, made) == may, person
        new = (await house.log())[before:]
        possible = REGISTRY.spec_of(made).events if may == "done" else ()
        assert {type(each.event) for each in new} <= set(possible)


async def _what_happens(house: House, person: str, command: object) -> str:
    try:
        await house.run(house.people[person], command)
    except Refused as refused:
        return _said(refused)
    return "done"


def _said(refused: Refused) -> str:
    if refused.kind is Kind.FORBIDDEN:
        return "F"
    hidden = refused.kind is Kind.NOT_FOUND or (
        isinstance(refused, Invalid) and refused.problems[0].pointer.endswith("_id")
    )
    return "-" if hidden else f"{refused.kind}: {refused.detail}"


async def test_what_is_hidden_answers_as_what_does_not_exist(house: House):
    private = await house.project(is_private=True)
    task = await house.task(project_id=private.project_id)
    for hidden, absent in (
        (TrashTask(task_id=task.task_id), TrashTask(task_id=new_id("task"))),
        (
            ArchiveProject(project_id=private.project_id),
            ArchiveProject(project_id=new_id("proj")),
        ),
        (
            CreateTask(title="x", project_id=private.project_id),
            CreateTask(title="x", project_id=new_id("proj")),
        ),
        (
            RenameWorkspace(workspace_id=house.workspace_id, name="x"),
            RenameWorkspace(workspace_id=new_id("ws"), name="x"),
        ),
    ):
        actor = house.eve if isinstance(hidden, RenameWorkspace) else house.bob
        with pytest.raises(Refused) as seen:
            await house.run(actor, hidden)
        with pytest.raises(Refused) as unseen:
            await house.run(actor, absent)
        assert (seen.value.kind, seen.value.detail) == (unseen.value.kind, unseen.value.detail)


async def test_a_private_project_is_for_those_it_names(house: House):
    private = await house.project(is_private=True)
    command = CreateTask(title="x", project_id=private.project_id)
    with pytest.raises(Invalid):
        await house.run(house.bob, command)
    await house.run(house.ann, AddProjectMember(project_id=private.project_id, user_id=house.bob))
    await house.run(house.bob, command)
    await house.run(house.ann, AddProjectMember(project_id=private.project_id, user_id=house.guest))
    await house.run(house.guest, command)


async def test_a_named_viewer_only_looks_on(house: House):
    await house.run(
        house.ann,
        AddProjectMember(project_id=house.project_id, user_id=house.bob, role="viewer"),
    )
    with pytest.raises(Refused) as caught:
        await house.run(house.bob, CreateTask(title="x", project_id=house.project_id))
    assert caught.value.kind is Kind.FORBIDDEN


async def test_anybody_may_leave(house: House):
    for person in (house.guest, house.auditor, house.bob, house.admin):
        await house.run(
            person, RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=person)
        )
    with pytest.raises(Refused) as caught:
        await house.run(
            house.ann, RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.ann)
        )
    assert caught.value.kind is Kind.LAST_OWNER


async def test_whoever_left_may_nothing_more(house: House):
    task = await house.task(actor=house.bob)
    await house.run(
        house.bob, RemoveWorkspaceMember(workspace_id=house.workspace_id, user_id=house.bob)
    )
    with pytest.raises(Refused) as caught:
        await house.run(house.bob, TrashTask(task_id=task.task_id))
    assert caught.value.kind is Kind.NOT_FOUND
