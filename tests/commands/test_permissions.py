"""Every command against every kind of person: who may, who may not, and who sees nothing."""

from typing import Any

import pytest

from commands.custody.approve_as_operator import OperatorOverCustody
from commands.custody.approve_erasure import TheEraser
from commands.notifications.own_inbox import OwnInbox
from commands.notifications.remind import TheScheduleOfTasks
from commands.permissions import ForOneself, OwnAccount
from commands.project.add_member import AddProjectMember
from commands.project.archive_project import ArchiveProject
from commands.recurrence.make_occurrence import TheSchedule
from commands.registry import all_commands
from commands.role_table import AS_ANOTHER, STANDINGS, May, row
from commands.saved_view.on_saved_view import SavesViews
from commands.security.note_security import TheWatch
from commands.task.create_task import CreateTask
from commands.task.respace_cards import BySystem
from commands.task.trash_task import TrashTask
from commands.template.on_template import OnTemplate
from commands.user.suspend_user import ByOperator
from commands.workspace.accept_invitation import Invited
from commands.workspace.close_workspace import OwnerOfClosed
from commands.workspace.remove_member import RemoveWorkspaceMember
from commands.workspace.rename_workspace import RenameWorkspace
from domain.errors import Invalid, Kind, Refused
from domain.workspace.roles import RIGHTS_IN_WORKSPACE
from infra.ids import new_id
from tests.commands.cases import accounts, custody, projects, saved, tasks, teams, workspaces
from tests.commands.cases.table import PEOPLE
from tests.commands.conftest import House

WITH_ANY_LOG = True

CASES = {
    **accounts.CASES,
    **workspaces.CASES,
    **teams.CASES,
    **projects.CASES,
    **tasks.CASES,
    **saved.CASES,
    **custody.CASES,
}

REGISTRY = all_commands()
# Imports have a walk of their own, beside what they need to be given.
IMPORTS = "commands.imports"

IN_WORKSPACE = tuple(RIGHTS_IN_WORKSPACE.values())


def test_every_command_of_the_registry_is_walked():
    """Where this fails for a command: one more case in `tests/commands/cases`."""
    walked = set(CASES)
    here = {spec.command for spec in REGISTRY if not spec.command.__module__.startswith(IMPORTS)}
    assert walked == here


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
        "UndoSavedViewChange",
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
