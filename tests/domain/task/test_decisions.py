"""What may happen to a task, and what may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.errors import Invalid, Kind, Refused
from domain.project.events import ProjectArchived
from domain.project.fields import FieldDefinition
from domain.project.guards import MoveFacts
from domain.project.types import DEFAULT_TYPES
from domain.project.workflow import PERSONAL_WORKFLOW, Status
from domain.task import decisions
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskPrioritised,
    TaskRanked,
    TaskRecordImported,
    TaskRespaced,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.task.state import TASK, running_digest
from domain.values.text import ERASED
from tests.domain.examples import founded, project_of, task_of
from tests.domain.given import (
    ANN,
    BOB,
    LIMITS,
    PROJECT_ID,
    START,
    TASK_ID,
    WORKSPACE_ID,
    stamp,
)

NOW = datetime(2026, 3, 5, tzinfo=UTC)


def moved(status: str, category: str, was: str = "todo", was_category: str = "todo"):
    return TaskStatusChanged(
        status=status, category=category, was=was, was_category=was_category, rank="b1"
    )


def test_a_task_begins_in_the_initial_status_with_defaults():
    (event,) = decisions.create(project_of().state, title="Paint it", rank="a1", limits=LIMITS)
    task = founded((event,))
    assert (task.status, task.status_category, task.priority, task.type) == (
        "todo", "todo", 5, "task",
    )  # fmt: skip
    assert (task.creator_id, task.project_id, task.workspace_id) == (ANN, PROJECT_ID, WORKSPACE_ID)
    assert task.created_at == task.updated_at == START + timedelta(seconds=1)


def test_a_task_may_begin_in_any_status_by_key_name_or_usual_word():
    project = project_of().state
    for text, key in (
        ("in_review", "in_review"),
        ("In review", "in_review"),
        ("completed", "done"),
    ):
        (event,) = decisions.create(project, title="x", rank="a1", limits=LIMITS, status=text)
        assert event.status == key
    assert founded((event,)).completed_at is not None


def test_everything_wrong_with_a_new_task_is_said_at_once():
    with pytest.raises(Invalid) as caught:
        decisions.create(
            project_of().state,
            title=" \n",
            rank="a1",
            limits=LIMITS,
            status="nowhere",
            priority=11,
            task_type="wish",
            estimate=float("nan"),
            tags=["ok", "x" * 51],
            fields={"a/b": 1},
        )
    assert [each.pointer for each in caught.value.problems] == [
        "/status", "/title", "/priority", "/type", "/estimate", "/tags/1", "/fields/a~1b",
    ]  # fmt: skip


def test_nothing_is_made_in_an_archived_project():
    archived = project_of(ProjectArchived()).state
    with pytest.raises(Refused) as caught:
        decisions.create(archived, title="x", rank="a1", limits=LIMITS)
    assert caught.value.kind is Kind.ARCHIVED
    assert "restore it first" in caught.value.detail


def test_each_field_changes_once_and_says_what_stood_there():
    task_of().when(decisions.retitle, "Varnish it", LIMITS).then(
        TaskRetitled(title="Varnish it", was="Paint it")
    )
    task_of().when(decisions.describe, "*now*", LIMITS).then(TaskDescribed(description="*now*"))
    task_of().when(decisions.assign, [BOB, ANN, BOB], LIMITS).then(
        TaskAssigned(assignee_ids=(BOB, ANN), was=())
    )
    task_of().when(decisions.prioritise, 1).then(TaskPrioritised(priority=1, was=5))
    task_of().when(decisions.set_due_date, NOW, True).then(
        TaskDueDateChanged(due_date=NOW, due_all_day=True, was=None, was_all_day=False)
    )
    planned = task_of(due_date=START, start_date=START, estimate=1.0, due_all_day=True)
    planned.when(decisions.set_due_date, None).then(
        TaskDueDateChanged(due_date=None, due_all_day=False, was=START, was_all_day=True)
    )
    planned.when(decisions.set_start_date, None).then(
        TaskStartDateChanged(start_date=None, was=START)
    )
    planned.when(decisions.set_estimate, None).then(TaskEstimateChanged(estimate=None, was=1.0))
    task_of().when(decisions.set_start_date, NOW).then(
        TaskStartDateChanged(start_date=NOW, was=None)
    )
    task_of().when(decisions.set_estimate, 2.5).then(TaskEstimateChanged(estimate=2.5, was=None))
    task_of().when(decisions.change_type, "bug", DEFAULT_TYPES).then(
        TaskTypeChanged(type="bug", was="task")
    )
    task_of().when(decisions.tag, ["b", "a", "b"], LIMITS).then(TaskTagged(tags=("b", "a"), was=()))
    task_of().when(decisions.rerank, "a2").then(TaskRanked(rank="a2", was="a1"))


def test_what_stands_already_changes_nothing():
    task = task_of(tags=("a",), assignee_ids=(ANN,), due_date=NOW, start_date=NOW, estimate=1.0)
    task.when(decisions.retitle, "Paint it", LIMITS).nothing()
    task.when(decisions.describe, "", LIMITS).nothing()
    task.when(decisions.assign, [ANN, ANN], LIMITS).nothing()
    task.when(decisions.prioritise, 5).nothing()
    task.when(decisions.set_due_date, NOW).nothing()
    task.when(decisions.set_start_date, NOW).nothing()
    task.when(decisions.set_estimate, 1).nothing()
    task.when(decisions.change_type, "task", DEFAULT_TYPES).nothing()
    task.when(decisions.tag, ["a"], LIMITS).nothing()
    task.when(decisions.rerank, "a1").nothing()
    task.when(decisions.change_status, project_of().state, "To do", "b1").nothing()
    task.when(decisions.restore).nothing()


def test_an_erased_title_can_be_written_anew():
    erased = task_of(TaskRetitled(title=ERASED, was="Paint it"))
    erased.when(decisions.retitle, "Again", LIMITS).then(TaskRetitled(title="Again", was=ERASED))


def test_a_move_follows_the_workflow_and_a_forbidden_one_says_what_may():
    project = project_of().state
    task = task_of()
    task.when(decisions.change_status, project, "in_progress", "b1").then(
        moved("in_progress", "in_progress")
    )
    with pytest.raises(Refused) as caught:
        decisions.change_status(task.state, project, "done", "b1")
    refusal = caught.value
    assert refusal.kind is Kind.TRANSITION_NOT_ALLOWED
    assert (refusal.fields["from"], refusal.fields["to"]) == ("todo", "done")
    assert refusal.fields["allowed"] == ["in_progress", "cancelled"]
    assert [each["status"] for each in refusal.fields["refused"]] == [
        "in_review", "blocked", "done",
    ]  # fmt: skip
    assert "in_progress, cancelled" in refusal.detail
    task.when(decisions.change_status, project, "nowhere", "b1").invalid("/status")


def test_any_move_is_free_in_a_personal_project():
    project = project_of(workflow=PERSONAL_WORKFLOW).state
    done = task_of(project=project).when(decisions.change_status, project, "done", "b1")
    after = done.then(moved("done", "done"))
    assert after.completed_at == START + timedelta(seconds=2)


def test_an_unfinished_blocker_keeps_a_task_from_done():
    project = project_of().state
    task = task_of(moved("in_review", "in_progress"))
    blocked = MoveFacts(unfinished_blockers=("task_b",))
    with pytest.raises(Refused) as caught:
        decisions.change_status(task.state, project, "done", "b1", blocked)
    assert caught.value.kind is Kind.BLOCKED_BY_UNFINISHED
    assert caught.value.fields["blockers"] == ["task_b"]
    assert caught.value.fields["allowed"] == ["in_progress", "cancelled"]
    task.when(decisions.change_status, project, "in_progress", "b1", blocked).then(
        moved("in_progress", "in_progress", "in_review", "in_progress")
    )
    task.when(decisions.change_status, project, "done", "b1").then(
        moved("done", "done", "in_review", "in_progress")
    )


def test_a_moved_card_lands_where_the_move_says():
    task = task_of(moved("in_progress", "in_progress")).state
    assert (task.status, task.status_category, task.rank) == ("in_progress", "in_progress", "b1")


def test_a_task_whose_first_fields_were_erased_has_none():
    (made,) = decisions.create(project_of().state, title="x", rank="a1", limits=LIMITS)
    assert isinstance(made, TaskCreated)
    task = TASK.evolve(None, replace(made, fields=ERASED), stamp(1))
    assert task is not None
    assert (task.fields, task.field_authors) == ({}, {})


def test_reopening_clears_when_it_was_completed():
    task = task_of(moved("done", "done"), moved("todo", "todo", "done", "done"))
    assert task.state.completed_at is None


def test_from_done_to_done_it_was_completed_the_first_time():
    first = task_of(moved("done", "done")).state.completed_at
    again = task_of(moved("done", "done"), moved("shipped", "done", "done", "done"))
    assert again.state.completed_at == first == START + timedelta(seconds=2)


def test_a_changed_workflow_moves_a_trashed_task_too_and_keeps_its_rank():
    archive = Status(key="archive", name="Archive", category="done")
    task_of(TaskTrashed()).when(decisions.resettle, archive).then(
        TaskStatusChanged(
            status="archive", category="done", was="todo", was_category="todo", rank="a1"
        )
    )


def test_the_trash_keeps_everything_but_restoring_out():
    trashed = task_of(TaskTrashed())
    project = project_of().state
    for decision, args in (
        (decisions.retitle, ("x", LIMITS)),
        (decisions.describe, ("x", LIMITS)),
        (decisions.assign, ([ANN], LIMITS)),
        (decisions.prioritise, (1,)),
        (decisions.set_due_date, (NOW,)),
        (decisions.set_start_date, (NOW,)),
        (decisions.set_estimate, (1,)),
        (decisions.change_type, ("bug", DEFAULT_TYPES)),
        (decisions.tag, (["a"], LIMITS)),
        (decisions.change_fields, ((), {}, LIMITS)),
        (decisions.change_status, (project, "in_progress", "b1")),
        (decisions.rerank, ("a2",)),
    ):
        refusal = trashed.when(decision, *args).refused(Kind.TRASHED)
        assert "restore it first" in refusal.detail
    trashed.when(decisions.trash).nothing()
    restored = trashed.when(decisions.restore).then(TaskRestored())
    assert not restored.trashed


def field(key: str, kind: str, *options: str) -> FieldDefinition:
    return FieldDefinition(field_id=f"fld_{key}", key=key, name=key, type=kind, options=options)


FIELDS = (
    field("note", "text"),
    field("points", "number"),
    field("when", "date"),
    field("size", "choice", "S", "L"),
    field("areas", "choices", "api", "web"),
    field("lead", "user"),
    field("ready", "checkbox"),
    field("link", "url"),
)


def test_custom_fields_change_one_by_one_and_null_clears():
    task = task_of(
        TaskFieldsChanged(fields={"note": "old", "points": 3}, was={"note": None, "points": None})
    )
    changes = {
        "note": None,
        "points": 3,
        "areas": ["web", "api"],
        "when": "2026-03-01T12:00:00+02:00",
    }
    after = task.when(decisions.change_fields, FIELDS, changes, LIMITS).then(
        TaskFieldsChanged(
            fields={"note": None, "areas": ("web", "api"), "when": "2026-03-01T10:00:00Z"},
            was={"note": "old", "areas": None, "when": None},
        )
    )
    assert after.fields == {"points": 3, "areas": ("web", "api"), "when": "2026-03-01T10:00:00Z"}


def test_a_custom_field_takes_only_its_own_type():
    wrong = {
        "note": 5, "points": "3", "when": "tomorrow", "size": "M", "areas": ["api", "api"],
        "lead": "bob", "ready": 1, "link": "javascript:alert(1)", "gone": 1,
    }  # fmt: skip
    task_of().when(decisions.change_fields, FIELDS, wrong, LIMITS).invalid(
        *(f"/fields/{key}" for key in wrong)
    )
    for value in (True, float("inf"), 2**63):
        task_of().when(decisions.change_fields, FIELDS, {"points": value}, LIMITS).invalid(
            "/fields/points"
        )


def test_a_value_of_a_field_that_went_may_be_sent_back_but_not_changed():
    task = task_of(TaskFieldsChanged(fields={"old": "x"}, was={"old": None}))
    task.when(decisions.change_fields, FIELDS, {"old": "x"}, LIMITS).nothing()
    task.when(decisions.change_fields, FIELDS, {"old": "y"}, LIMITS).invalid("/fields/old")


def test_custom_texts_are_bounded_in_all():
    many = tuple(field(f"f{n}", "text") for n in range(10))
    half = {f"f{n}": "x" * 4_000 for n in range(5)}
    task = task_of()
    after = task.when(decisions.change_fields, many, half, LIMITS).then(
        TaskFieldsChanged(fields=half, was=dict.fromkeys(half))
    )
    task.state = after
    rest = {f"f{n}": "x" * 4_000 for n in range(5, 10)}
    task.when(decisions.change_fields, many, rest, LIMITS).invalid("/fields")


def test_imported_records_are_counted_and_told_apart():
    def record(ordinal: int, digest: str) -> TaskRecordImported:
        return TaskRecordImported(
            source="x", ordinal=ordinal, status="Queued", was=None, activity=None,
            lifecycle=None, resource_id=None, resource=None, attributes={}, digest=digest,
        )  # fmt: skip

    task = task_of(record(1, "aa"), record(2, "bb")).state
    assert (task.imported, task.version) == (2, 3)
    assert task.imported_digest == running_digest(running_digest("", "aa"), "bb")


def test_an_event_of_newer_code_moves_only_version_and_time():
    before = task_of().state
    after = TASK.evolve(before, None, stamp(2, actor=BOB))
    assert (after.version, after.updated_by, after.title) == (2, BOB, before.title)


def test_whoever_takes_a_status_away_hears_of_each_task_that_enters_it():
    (made,) = decisions.create(project_of().state, title="x", rank="a1", limits=LIMITS)
    assert TASK.touches(None, made, WORKSPACE_ID) == (f"status:{PROJECT_ID}:todo",)
    task = task_of().state
    assert TASK.touches(task, moved("done", "done"), WORKSPACE_ID) == (f"status:{PROJECT_ID}:done",)
    assert TASK.touches(task, TaskTrashed(), WORKSPACE_ID) == ()
    there = TaskMovedToProject(
        project_id="proj_x", project_key="X", rank="a1", was_project_id=PROJECT_ID,
        was_project_key="WEB", was_number=1, was_status="todo", was_rank="a1",
    )  # fmt: skip
    assert TASK.touches(task, there, WORKSPACE_ID) == ("status:proj_x:todo",)
    for event, guard in (
        (TaskRanked(rank="b", was="a"), f"order:{PROJECT_ID}:todo"),
        (TaskRespaced(rank="b", was="a"), f"spaced:{PROJECT_ID}"),
    ):
        assert TASK.touches(task, event, WORKSPACE_ID) == (guard,)
        assert TASK.touches(None, event, WORKSPACE_ID) == ()


def test_a_task_is_blocked_and_freed_once():
    task = task_of()
    blocked = TaskBlocked(blocked_by=("task_b",))
    freed = TaskUnblocked(freed_by=("task_b",))
    task.when(decisions.settle_blocked, held=True, because_of=["task_b"]).then(blocked)
    task.when(decisions.settle_blocked, held=False, because_of=["task_b"]).nothing()
    held = task_of(blocked)
    held.when(decisions.settle_blocked, held=False, because_of=["task_b"]).then(freed)
    held.when(decisions.settle_blocked, held=True, because_of=["task_c"]).nothing()
    assert task_of(blocked, freed).state.is_blocked is False


def test_an_edge_stands_at_both_tasks_from_each_ones_side():
    edge = {"dependency_id": "dep_1", "from_task_id": TASK_ID, "to_task_id": "task_b"}
    for kind, here, there in (
        ("blocks", "blocks", "blocked_by"),
        ("duplicates", "duplicates", "duplicated_by"),
        ("relates", "relates", "relates"),
    ):
        added = decisions.link(DependencyAdded(type=kind, task_id=TASK_ID, **edge))
        assert added == (
            (TASK_ID, TaskDependencyAdded(dependency_id="dep_1", relation=here, task_id="task_b")),
            ("task_b", TaskDependencyAdded(dependency_id="dep_1", relation=there, task_id=TASK_ID)),
        )
    (own, removed), _ = decisions.link(DependencyRemoved(type="blocks", task_id=TASK_ID, **edge))
    assert (own, type(removed), removed.relation) == (TASK_ID, TaskDependencyRemoved, "blocks")
    state = task_of(added[0][1]).state
    assert (state.blocking, state.blocked_by) == ((), ())
    state = task_of(
        TaskDependencyAdded(dependency_id="d1", relation="blocks", task_id="x"),
        TaskDependencyAdded(dependency_id="d2", relation="blocked_by", task_id="y"),
        TaskDependencyAdded(dependency_id="d3", relation="blocked_by", task_id="z"),
        TaskDependencyRemoved(dependency_id="d3", relation="blocked_by", task_id="z"),
    ).state
    assert (state.blocking, state.blocked_by) == (("x",), ("y",))


def test_a_task_begins_a_series_and_says_which_it_had():
    task = task_of()
    made = TaskMadeRecurring(recurrence_id="rec_1", was=None)
    task.when(decisions.make_recurring, "rec_1").then(made)
    task_of(made).when(decisions.make_recurring, "rec_2").then(
        TaskMadeRecurring(recurrence_id="rec_2", was="rec_1")
    )
    task_of(TaskTrashed()).when(decisions.make_recurring, "rec_1").refused(Kind.TRASHED)


def test_a_task_is_made_as_it_is_described():
    assert decisions.create(
        project_of().state,
        title="x",
        rank="a1",
        limits=LIMITS,
        due_date=NOW,
        due_all_day=True,
        start_date=START,
        estimate=1.5,
        external_id="X-1",
        parent_task_id="task_p",
        tags=["a", "a"],
    ) == (
        TaskCreated(
            project_id=PROJECT_ID,
            project_key="WEB",
            title="x",
            description="",
            status="todo",
            status_category="todo",
            priority=5,
            rank="a1",
            type="task",
            assignee_ids=(),
            due_date=NOW,
            due_all_day=True,
            start_date=START,
            estimate=1.5,
            tags=("a",),
            fields={},
            external_id="X-1",
            parent_task_id="task_p",
        ),
    )


def test_values_of_fields_are_kept_in_one_form():
    user = "user_01h455vb4pex5vsknk084sn02q"
    given_ = {
        "note": "a\nb", "points": 2.5, "when": "2026-03-01", "size": "L", "areas": ("api",),
        "lead": user, "ready": False, "link": "https://example.org/?a=b",
    }  # fmt: skip
    task_of().when(decisions.change_fields, FIELDS, given_, LIMITS).then(
        TaskFieldsChanged(fields=given_, was=dict.fromkeys(given_))
    )
    for wrong, place in (
        ({"link": "https://example.org/" + "x" * 10_000}, "/fields/link too-long"),
        ({"note": "x" * 10_001}, "/fields/note too-long"),
        ({"size": None, "gone": 1}, "/fields/gone unknown"),
        ({"size": "M"}, "/fields/size type"),
    ):
        task_of().when(decisions.change_fields, FIELDS, wrong, LIMITS).invalid(place)
    stands = task_of(TaskFieldsChanged(fields={"old": ("a", "b")}, was={"old": None}))
    stands.when(decisions.change_fields, FIELDS, {"old": ["a", "b"]}, LIMITS).nothing()
    stands.when(decisions.change_fields, FIELDS, {"old": ["b"]}, LIMITS).invalid("/fields/old")
