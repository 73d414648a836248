"""What may happen to a project itself."""

import pytest

from domain.errors import Invalid, Kind
from domain.project import decisions, membership, process
from domain.project.board import column_of
from domain.project.events import (
    ProjectArchived,
    ProjectDescribed,
    ProjectMemberAdded,
    ProjectMemberRemoved,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectUnarchived,
    ProjectViewTypeChanged,
    ProjectWorkflowChanged,
)
from domain.project.state import PROJECT
from domain.project.workflow import DEFAULT_WORKFLOW, PERSONAL_WORKFLOW, allowed_from
from tests.domain.examples import BOB_MEMBER, ids, project_of, workspace_of
from tests.domain.given import ANN, BOB, LIMITS, PROJECT_ID, WORKSPACE_ID


def test_the_personal_project_lets_any_status_follow_any():
    (event,) = decisions.create_personal(owner_id=ANN, column_ids=ids("col", 6), limits=LIMITS)
    assert (event.key, event.is_personal, event.workflow.any_move) == ("ME", True, True)
    assert (event.name, event.owner_id) == ("Personal", ANN)
    assert allowed_from(event.workflow, "todo") == (
        "in_progress", "in_review", "blocked", "done", "cancelled",
    )  # fmt: skip


@pytest.mark.parametrize("key", ["", "W", "web", "1WEB", "WEBSITEPROJ", "WÉB", "WE B", "WEB\n"])
def test_a_key_is_two_to_ten_capitals_and_digits(key):
    with pytest.raises(Invalid) as caught:
        decisions.create(key=key, name="x", owner_id=ANN, column_ids=ids("col", 6), limits=LIMITS)
    assert caught.value.problems[0].pointer == "/key"


def test_each_field_changes_once_and_says_what_stood_there():
    project = project_of()
    project.when(decisions.rename, "Shop", LIMITS).then(ProjectRenamed(name="Shop", was="Website"))
    project.when(decisions.describe, "x", LIMITS).then(ProjectDescribed(description="x"))
    project.when(decisions.change_view_type, "list").then(
        ProjectViewTypeChanged(view_type="list", was="board")
    )
    project.when(decisions.change_privacy, True).then(
        ProjectPrivacyChanged(is_private=True, was=False)
    )
    project.when(decisions.rename, "Website", LIMITS).nothing()
    project.when(decisions.describe, "", LIMITS).nothing()
    project.when(decisions.change_view_type, "board").nothing()
    project.when(decisions.change_privacy, False).nothing()
    project.when(decisions.change_view_type, "pie").invalid("/view_type unknown")


def test_an_archived_project_only_wakes_up_or_loses_members():
    archived = project_of(ProjectMemberAdded(user_id=BOB, role="viewer"), ProjectArchived())
    inside = workspace_of(BOB_MEMBER).state
    for decision, args in (
        (decisions.rename, ("x", LIMITS)),
        (decisions.describe, ("x", LIMITS)),
        (decisions.change_view_type, ("list",)),
        (decisions.change_privacy, (True,)),
        (membership.add_member, (inside, BOB, "admin")),
        (membership.change_member_role, (inside, BOB, "admin")),
        (process.change_workflow, (DEFAULT_WORKFLOW, ids("col"), LIMITS)),
        (process.change_columns, ((), (), LIMITS)),
        (process.change_fields, ((), (), LIMITS)),
    ):
        refusal = archived.when(decision, *args).refused(Kind.ARCHIVED)
        assert "restore it first" in refusal.detail
    archived.when(decisions.archive).nothing()
    project_of().when(decisions.archive).then(ProjectArchived())
    archived.when(membership.remove_member, BOB).then(
        ProjectMemberRemoved(user_id=BOB, was="viewer")
    )
    archived.when(decisions.unarchive).then(ProjectUnarchived())
    project_of().when(decisions.unarchive).nothing()


def test_a_new_project_has_a_column_for_each_status_and_its_owner_as_admin():
    project = project_of().state
    assert [column.statuses for column in project.columns] == [
        (status.key,) for status in DEFAULT_WORKFLOW.statuses
    ]
    assert [column.name for column in project.columns][:2] == ["To do", "In progress"]
    assert column_of(project.columns, "done") is project.columns[4]
    assert project.members[ANN].role == "admin"


def test_whoever_keeps_what_people_may_hears_of_a_change_of_privacy():
    event = ProjectPrivacyChanged(is_private=True, was=False)
    state = project_of().state
    assert PROJECT.touches(state, event, WORKSPACE_ID) == (f"access:{WORKSPACE_ID}",)
    assert PROJECT.touches(state, ProjectRenamed(name="x", was="y"), WORKSPACE_ID) == ()
    changed = ProjectWorkflowChanged(workflow=PERSONAL_WORKFLOW, columns=(), was=DEFAULT_WORKFLOW)
    assert PROJECT.touches(state, changed, WORKSPACE_ID) == ()
    assert state.project_id == PROJECT_ID
