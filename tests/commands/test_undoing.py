"""Changes of projects and of workspaces are taken back whole, as those of tasks are."""

import asyncio
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.labels.create_label import CreateLabel
from commands.labels.delete_label import DeleteLabel
from commands.project.add_member import AddProjectMember
from commands.project.archive_project import ArchiveProject
from commands.project.change_fields import ChangeFields
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.project.edit_project import EditProject
from commands.project.remove_member import RemoveProjectMember
from commands.project.unarchive_project import UnarchiveProject
from commands.project.undo_change import UndoProjectChange
from commands.saved_view.change_saved_view import ChangeSavedView
from commands.saved_view.delete_saved_view import DeleteSavedView
from commands.saved_view.restore_saved_view import RestoreSavedView
from commands.saved_view.save_view import SaveView
from commands.saved_view.undo_change import UndoSavedViewChange
from commands.workspace.add_member import AddWorkspaceMember
from commands.workspace.add_team_member import AddTeamMember
from commands.workspace.change_member_role import ChangeWorkspaceMemberRole
from commands.workspace.create_team import CreateTeam
from commands.workspace.remove_member import RemoveWorkspaceMember
from commands.workspace.remove_team_member import RemoveTeamMember
from commands.workspace.rename_team import RenameTeam
from commands.workspace.rename_workspace import RenameWorkspace
from commands.workspace.suspend_member import ReactivateMember, SuspendMember
from commands.workspace.undo_change import UndoWorkspaceChange
from domain.errors import Kind, Refused
from domain.labels.state import LABELS, labels_of
from domain.project.fields import FieldDraft
from domain.project.state import PROJECT
from domain.saved_view.state import SAVED_VIEW
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from tests.commands.conftest import House, made_house
from tests.commands.memory_log import MemoryLog
from tests.commands.refusals import pointers, refusal

_SINCE_WHEN = {
    "version", "position", "updated_at", "updated_by", "name_author", "description_author",
    "joined_at", "created_at", "parted",
}  # fmt: skip


def visible(state: Any) -> Any:
    """All that people see of it but since when it is so."""
    if is_dataclass(state):
        found = {each.name: getattr(state, each.name) for each in fields(state)}
        if "archived_at" in found:
            found["archived_at"] = found["archived_at"] is not None
        return {name: visible(each) for name, each in found.items() if name not in _SINCE_WHEN}
    if isinstance(state, dict):
        return {key: visible(each) for key, each in state.items()}
    return None if isinstance(state, datetime) else state


TEAM = new_id("team")
_people = st.sampled_from(["bob", "admin", "guest"])
# Whoever owns a project is an admin of it again with that.
_others = st.sampled_from(["bob", "guest"])
_name = st.text("abc", min_size=1, max_size=3)
_IN_PROJECT: st.SearchStrategy[tuple[type, dict[str, Any]]] = st.one_of(
    st.tuples(st.just(EditProject), st.fixed_dictionaries({}, optional={
        "name": _name, "description": st.none() | _name, "is_private": st.booleans(),
        "view_type": st.sampled_from(["list", "board"]), "owner_id": st.just("admin"),
        "settings": st.sampled_from(
            [{"colour": "#00ff00"}, {"colour": None}, {"estimate_unit": "hours"}]),
    })),
    st.tuples(st.sampled_from([ArchiveProject, UnarchiveProject]), st.just({})),
    st.tuples(st.sampled_from([AddProjectMember, ChangeProjectMemberRole]), st.builds(
        dict, user_id=_others, role=st.sampled_from(["admin", "member", "viewer"]))),
    st.tuples(st.just(RemoveProjectMember), st.builds(dict, user_id=_others)),
)  # fmt: skip
_IN_WORKSPACE: st.SearchStrategy[tuple[type, dict[str, Any]]] = st.one_of(
    st.tuples(st.just(RenameWorkspace), st.builds(dict, name=_name)),
    st.tuples(st.sampled_from([AddWorkspaceMember, ChangeWorkspaceMemberRole]), st.builds(
        dict, user_id=_people, role=st.sampled_from(["owner", "admin", "member", "guest"]))),
    st.tuples(st.sampled_from([RemoveWorkspaceMember, SuspendMember, ReactivateMember]),
              st.builds(dict, user_id=_people)),
    st.tuples(st.sampled_from([AddTeamMember, RemoveTeamMember]),
              st.builds(dict, user_id=_people, team_id=st.just(TEAM))),
    st.tuples(st.just(RenameTeam), st.builds(dict, team_id=st.just(TEAM), name=_name)),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(_IN_PROJECT, min_size=1, max_size=6))
def test_undoing_a_project_step_by_step_leads_back_and_redoing_forth(
    changes: list[tuple[type, dict[str, Any]]],
) -> None:
    async def there_and_back() -> None:
        house = await made_house(MemoryLog())
        named = {"project_id": house.project_id}
        await _there_and_back(house, PROJECT, house.project_id, UndoProjectChange, named, changes)

    asyncio.run(there_and_back())


@settings(max_examples=40, deadline=None)
@given(st.lists(_IN_WORKSPACE, min_size=1, max_size=6))
def test_undoing_a_workspace_step_by_step_leads_back_and_redoing_forth(
    changes: list[tuple[type, dict[str, Any]]],
) -> None:
    async def there_and_back() -> None:
        house = await made_house(MemoryLog())
        named = {"workspace_id": house.workspace_id}
        await house.run(house.ann, CreateTeam(**named, team_id=TEAM, name="Team"))
        await _there_and_back(
            house, WORKSPACE, house.workspace_id, UndoWorkspaceChange, named, changes
        )

    asyncio.run(there_and_back())


_IN_VIEW: st.SearchStrategy[tuple[type, dict[str, Any]]] = st.one_of(
    st.tuples(st.just(ChangeSavedView), st.fixed_dictionaries({}, optional={
        "name": _name, "query": st.sampled_from(["", "assignee = me", "due < 2d"]),
        "filters": st.sampled_from([{}, {"status": ("open",)}]),
        "sort": st.sampled_from(["", "due_date"]), "shares": st.booleans(),
    })),
    st.tuples(st.sampled_from([DeleteSavedView, RestoreSavedView]), st.just({})),
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(_IN_VIEW, min_size=1, max_size=6))
def test_undoing_a_saved_view_step_by_step_leads_back_and_redoing_forth(
    changes: list[tuple[type, dict[str, Any]]],
) -> None:
    async def there_and_back() -> None:
        house = await made_house(MemoryLog())
        made = await house.run(house.ann, SaveView(name="Ours", project_id=house.project_id))
        named = {"view_id": made.main_stream}
        await _there_and_back(
            house, SAVED_VIEW, made.main_stream, UndoSavedViewChange, named, changes
        )
        undo = UndoSavedViewChange(**named, position=made.position)
        assert (await house.run(house.ann, undo)).state(SAVED_VIEW).deleted

    asyncio.run(there_and_back())


async def _there_and_back(
    house: House,
    aggregate: Any,
    stream: str,
    undo: Any,
    named: dict[str, str],
    changes: list[tuple[type, dict[str, Any]]],
) -> None:
    async def now() -> Any:
        return visible(await house.executor.states.read(aggregate, stream))

    steps: list[tuple[int, Any, Any]] = []
    for kind, said in changes:
        people = {
            each: house.people[said[each]] for each in ("user_id", "owner_id") if each in said
        }
        before = await now()
        try:
            outcome = await house.run(house.ann, kind(**named, **{**said, **people}))
        except Refused:
            continue
        if outcome.changed:
            steps.append((outcome.position, before, await now()))
    for position, before, after in reversed(steps):
        undoing = undo(**named, position=position)
        if before.get("archived_at") and after.get("archived_at"):
            # Whoever was taken out meanwhile comes back once it is that no more.
            assert (await refusal(house.run(house.ann, undoing))).kind is Kind.ARCHIVED
            return
        undone = await house.run(house.ann, undoing)
        assert await now() == before
        await house.run(house.ann, undo(**named, position=undone.position))
        assert await now() == after
        await house.run(house.ann, undo(**named, position=position))
        assert await now() == before


async def test_who_is_taken_out_of_an_archived_project_comes_back_once_it_is_restored(
    house: House,
) -> None:
    project = {"project_id": house.project_id}
    await house.run(house.ann, AddProjectMember(**project, user_id=house.bob, role="viewer"))
    await house.run(house.ann, ArchiveProject(**project))
    gone = await house.run(house.ann, RemoveProjectMember(**project, user_id=house.bob))
    undo = UndoProjectChange(**project, position=gone.position)
    assert (await refusal(house.run(house.ann, undo))).kind is Kind.ARCHIVED
    await house.run(house.ann, UnarchiveProject(**project))
    back = (await house.run(house.ann, undo)).state(PROJECT)
    assert back.members[house.bob].role == "viewer"


async def test_who_is_taken_out_comes_back_into_their_teams_and_suspended_if_they_were(
    house: House,
) -> None:
    workspace = {"workspace_id": house.workspace_id}
    for team_id in (first := new_id("team"), second := new_id("team")):
        await house.run(house.ann, CreateTeam(**workspace, team_id=team_id, name=team_id))
        joining = AddTeamMember(**workspace, team_id=team_id, user_id=house.bob)
        await house.run(house.ann, joining)
    await house.run(house.ann, SuspendMember(**workspace, user_id=house.bob))
    gone = await house.run(house.ann, RemoveWorkspaceMember(**workspace, user_id=house.bob))
    undo = UndoWorkspaceChange(**workspace, position=gone.position)
    back = (await house.run(house.admin, undo)).state(WORKSPACE)
    assert back.teams_of(house.bob) == (first, second)
    assert (back.role_of(house.bob), list(back.suspended)) == (None, [house.bob])


async def test_a_label_is_a_matter_of_its_workspace(house: House) -> None:
    named = {"workspace_id": house.workspace_id, "label_id": new_id("lbl")}
    await house.run(house.ann, CreateLabel(**named, name="Urgent"))
    deleted = await house.run(house.ann, DeleteLabel(**named))
    undo = UndoWorkspaceChange(workspace_id=house.workspace_id, position=deleted.position)
    await house.run(house.ann, undo)
    labels = await house.executor.states.read(LABELS, labels_of(house.workspace_id))
    assert labels is not None
    assert labels.by_id[named["label_id"]].is_live


async def test_what_changed_since_or_has_no_inverse_or_is_of_another_is_not_undone(
    house: House,
) -> None:
    project = house.project_id
    renamed = await house.run(house.ann, EditProject(project_id=project, name="One"))
    again = await house.run(house.admin, EditProject(project_id=project, name="Two"))
    undo = UndoProjectChange(project_id=project, position=renamed.position)
    refused = await refusal(house.run(house.ann, undo))
    assert refused.kind is Kind.NOT_UNDOABLE
    (since,) = refused.fields["changed_since"]
    assert (since["id"], since["field"], since["position"]) == (project, "name", again.position)
    size = FieldDraft(key="size", name="Size", type="text")
    fields = await house.run(house.ann, ChangeFields(project_id=project, fields=(size,)))
    undo = UndoProjectChange(project_id=project, position=fields.position)
    assert (await refusal(house.run(house.ann, undo))).kind is Kind.NOT_UNDOABLE
    task = await house.task()
    for position in (task.position, 1):
        undo = UndoProjectChange(project_id=project, position=position)
        assert await pointers(house.run(house.ann, undo)) == ["/position"]
