"""A task's answer, and what lists find it by."""

import json
from datetime import UTC, datetime

from domain.project.events import ProjectWorkflowChanged
from domain.project.workflow import Status
from domain.task.events import (
    TaskDescribed,
    TaskFieldsChanged,
    TaskRetitled,
    TaskStatusChanged,
)
from domain.values.text import ERASED
from projections.task_answers import Facts, render
from projections.task_questions import Sort, SortBy
from projections.tasks import TASKS_VIEW
from projections.titles import title_key
from tests.projections.history import STATUSES, History, columns, made_id, workflow
from tests.projections.memory import folded

ADA, BOB = made_id("user", 1), made_id("user", 2)


def a_task(**given: object) -> tuple[History, str]:
    past = History()
    project_id = past.project(1, past.workspace(1))
    return past, past.task(42, project_id, **given)


def test_the_answer_has_the_shape_of_the_contract() -> None:
    past, task_id = a_task(
        title="Greet visitors",
        description="With *joy*",
        priority=3,
        assignee_ids=(BOB, ADA),
        due_date=datetime(2026, 4, 1, 23, 59, 59, tzinfo=UTC),
        due_all_day=True,
        tags=("backend",),
        fields={"points": 3},
        external_id="X-1",
    )
    past.comment(1, task_id)
    rows = folded(TASKS_VIEW, [past.events]).stored["tasks"]
    golden = (
        '{"id":"task_00000000000000000000000042","task_id":"task_00000000000000000000000042",'
        '"key":"WEB-1","external_id":"X-1","project_id":"proj_00000000000000000000000001",'
        '"workspace_id":"ws_00000000000000000000000001","title":"Greet visitors",'
        '"description":"With *joy*","status":"todo","status_category":"todo","priority":"high",'
        '"priority_level":3,"type":"task","assignee_id":"user_00000000000000000000000002",'
        '"assignee":{"user_id":"user_00000000000000000000000002",'
        '"name":\t"user_00000000000000000000000002"\t,"avatar_url":null},'
        '"assignees":[{"user_id":"user_00000000000000000000000002",'
        '"name":\t"user_00000000000000000000000002"\t,"avatar_url":null},'
        '{"user_id":"user_00000000000000000000000001",'
        '"name":\t"user_00000000000000000000000001"\t,"avatar_url":null}],'
        '"creator_id":"user_00000000000000000000000001",'
        '"creator":{"user_id":"user_00000000000000000000000001",'
        '"name":\t"user_00000000000000000000000001"\t},'
        '"updated_by":{"user_id":"user_00000000000000000000000001",'
        '"name":\t"user_00000000000000000000000001"\t},'
        '"due_date":"2026-04-01T23:59:59Z","due_all_day":true,"start_date":null,"estimate":null,'
        '"trashed_at":null,"completed_at":null,'
        '"tags":\t{"#":"ws_00000000000000000000000001","tags":["backend"]}\t,"fields":{"points":3},'
        '"parent_task_id":null,"progress":{"done":0,"total":0},"is_blocked":false,"blocked_by":[],'
        '"blocking":[],"comment_count":1,"rank":"h00000042","created_at":"2026-03-01T09:00:03Z",'
        '"updated_at":"2026-03-01T09:00:03Z","version":1,"position":3}'
    )
    assert rows[(task_id,)]["doc"].decode() == golden
    assert render(past.state_of(task_id), Facts(comment_count=1)).decode() == golden


def test_times_carry_microseconds_only_where_there_are_some() -> None:
    past, task_id = a_task(due_date=datetime(2026, 4, 1, 8, 0, 0, 120, tzinfo=UTC))
    assert json.loads(render(past.state_of(task_id), Facts()))["due_date"] == (
        "2026-04-01T08:00:00.000120Z"
    )


def test_an_import_shows_the_times_at_which_things_happened() -> None:
    past, task_id = a_task()
    then = datetime(2011, 5, 5, tzinfo=UTC)
    done = TaskStatusChanged(
        status="done", category="done", was="todo", was_category="todo", rank="h1"
    )
    past.change(task_id, done, occurred_at=then)
    doc = json.loads(folded(TASKS_VIEW, [past.events]).stored["tasks"][(task_id,)]["doc"])
    assert (doc["updated_at"], doc["completed_at"]) == ("2011-05-05T00:00:00Z",) * 2


def test_erased_text_is_shown_as_null_and_not_found_any_more() -> None:
    past, task_id = a_task(title="secret plan", description="secret")
    past.change(task_id, TaskRetitled(title=ERASED, was="secret plan"))
    past.change(task_id, TaskDescribed(description=ERASED))
    stored = folded(TASKS_VIEW, [past.events]).stored
    doc = json.loads(stored["tasks"][(task_id,)]["doc"])
    assert (doc["title"], doc["description"]) == (None, None)


def test_a_status_that_changes_its_category_changes_its_tasks() -> None:
    past, task_id = a_task(status="in_review")
    other = past.task(2, made_id("proj", 1))
    project = past.states[made_id("proj", 1)]
    statuses = [
        Status(key=each.key, name=each.name, category="done") if each.key == "in_review" else each
        for each in STATUSES
    ]
    changed = ProjectWorkflowChanged(
        workflow=workflow(*statuses), columns=columns(*statuses), was=project.workflow
    )
    past.record(project.workspace_id, project.project_id, changed)
    rows = folded(TASKS_VIEW, [past.events[:3], past.events[3:]]).stored["tasks"]
    assert json.loads(rows[(task_id,)]["doc"])["status_category"] == "done"
    assert rows[(task_id,)]["status_category"] == "done"
    assert json.loads(rows[(other,)]["doc"])["status_category"] == "todo"


def test_only_tasks_that_have_or_had_custom_fields_stand_in_their_table() -> None:
    past, without = a_task()
    with_fields = past.task(43, made_id("proj", 1), fields={"size": "s", "areas": ("a", "b")})
    past.change(without, TaskRetitled(title="Still without", was="Task 42"))
    rows = folded(TASKS_VIEW, [past.events])
    stored = {key: json.loads(row["fields"]) for key, row in rows.stored["fields"].items()}
    assert stored == {(with_fields,): {"size": "s", "areas": ["a", "b"]}}
    cleared = TaskFieldsChanged(
        fields={"size": None, "areas": None}, was={"size": "s", "areas": ("a", "b")}
    )
    past.change(with_fields, cleared)
    rows.fold(past.events[-1:])
    assert json.loads(rows.stored["fields"][(with_fields,)]["fields"]) == {}


def test_titles_order_without_case_and_by_letters_before_accents() -> None:
    titles = ["Zoo", "ängstlich", "apple", "Banana", "Äpfel"]
    assert sorted(titles, key=title_key) == ["apple", "ängstlich", "Äpfel", "Banana", "Zoo"]


def test_dates_of_making_and_change_run_newest_first_unless_said_otherwise() -> None:
    newest_first = {by for by in SortBy if Sort.usual(by).descending}
    assert newest_first == {SortBy.CREATED_AT, SortBy.UPDATED_AT}
