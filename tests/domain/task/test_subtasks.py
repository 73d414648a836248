"""Where a task may stand, what goes with it, and what a copy of it says."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from domain.errors import Invalid, Kind, Refused
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDefinition, defaults_of
from domain.project.guards import GUARDS, MoveFacts
from domain.project.types import TaskType
from domain.task import decisions, subtasks
from domain.task.events import (
    TaskCreated,
    TaskDescribed,
    TaskFieldsChanged,
    TaskParentChanged,
    TaskRestored,
    TaskRetitled,
    TaskStatusChanged,
    TaskTrashed,
)
from domain.task.state import TASK, Task
from tests.domain.examples import project_of, task_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, TASK_ID, WORKSPACE_ID, stamp

TIGHT = replace(LIMITS, subtask_depth=3)


def line_of(*names: str, **other: Any) -> tuple[Task, ...]:
    """Tasks one above the other, the lowest first."""
    return tuple(replace(task_of().state, task_id=name, **other) for name in names)


def placed(parent: str | None, was: str | None = None) -> TaskParentChanged:
    return TaskParentChanged(parent_task_id=parent, was=was)


def test_a_task_goes_below_another_and_back_to_the_top():
    below = task_of().when(subtasks.place_under, line_of("task_b", "task_a"), 0, LIMITS)
    assert below.then(placed("task_b")).parent_task_id == "task_b"
    child = task_of(placed("task_b"))
    child.when(subtasks.place_under, (), 0, LIMITS).then(placed(None, "task_b"))
    child.when(subtasks.place_under, line_of("task_b"), 0, LIMITS).nothing()
    task_of().when(subtasks.place_under, (), 5, LIMITS).nothing()


def test_nothing_stands_below_itself_and_the_ring_is_told():
    for above, path in (
        ((TASK_ID,), [TASK_ID, TASK_ID]),
        (("task_c", "task_b", TASK_ID, "task_a"), [TASK_ID, "task_c", "task_b", TASK_ID]),
    ):
        case = task_of().when(subtasks.place_under, line_of(*above), 0, LIMITS)
        case.refused(Kind.PARENT_CYCLE, path=path)


@pytest.mark.parametrize(("above", "height", "fits"), [(3, 0, True), (2, 1, True), (1, 2, True),
    (4, 0, False), (3, 1, False), (1, 3, False)])  # fmt: skip
def test_lines_are_so_long_with_all_that_a_task_takes_along(above: int, height: int, fits: bool):
    line = line_of(*(f"task_{n}" for n in range(above)))
    case = task_of().when(subtasks.place_under, line, height, TIGHT)
    if fits:
        case.then(placed("task_0"))
    else:
        case.invalid("/parent_task_id too-deep")


def test_the_one_above_is_of_the_same_workspace_and_not_trashed():
    for line, code in (
        (line_of("task_b", workspace_id="ws_other"), "invalid"),
        (line_of("task_b", trashed_at=ANN), "trashed"),
    ):
        case = task_of().when(subtasks.place_under, line, 0, LIMITS)
        case.invalid(f"/parent_task_id {code}")
        with pytest.raises(Invalid):
            subtasks.require_place(line, WORKSPACE_ID, 0, LIMITS)
    trashed = task_of(TaskTrashed()).when(subtasks.place_under, line_of("task_b"), 0, LIMITS)
    trashed.refused(Kind.TRASHED)


def test_what_went_with_another_says_so_until_it_comes_back():
    gone = task_of(placed("task_b")).when(decisions.trash, "task_a")
    after = gone.then(TaskTrashed(with_task_id="task_a"))
    assert (after.trashed, after.trashed_with) == (True, "task_a")
    back = TASK.evolve(after, TaskRestored(), stamp(4))
    assert back is not None
    assert (back.trashed, back.trashed_with, back.parent_task_id) == (False, None, "task_b")


def test_nothing_comes_back_below_a_trashed_task():
    child = task_of(placed("task_b"), TaskTrashed())
    (parent,) = line_of("task_b", trashed_at=ANN, trashed_with="task_a")
    child.when(decisions.restore, parent).refused(Kind.NOT_RESTORABLE, restore_first="task_a")
    (alone,) = line_of("task_b", trashed_at=ANN)
    child.when(decisions.restore, alone).refused(Kind.NOT_RESTORABLE, restore_first="task_b")
    child.when(decisions.restore, line_of("task_b")[0]).then(TaskRestored())
    task_of(placed("task_b")).when(decisions.restore, alone).nothing()


def test_whoever_decides_about_what_is_below_sees_all_that_comes_there():
    (created,) = decisions.create(
        project_of().state, title="x", rank="a1", limits=LIMITS, parent_task_id="task_b"
    )
    assert "children:task_b" in TASK.touches(None, created, WORKSPACE_ID)
    child = task_of(placed("task_b")).state

    def status(category: str) -> TaskStatusChanged:
        return TaskStatusChanged(
            status="x", category=category, was="y", was_category="done", rank="a1"
        )

    for event, moves in (
        (placed("task_c", "task_b"), {"children:task_c"}),
        (TaskRestored(), {"children:task_b"}),
        (status("todo"), {"children:task_b"}),
        (status("done"), set()),
        (status("cancelled"), set()),
        (placed(None, "task_b"), set()),
        (TaskTrashed(), set()),
    ):
        touched = TASK.touches(child, event, WORKSPACE_ID)
        assert {each for each in touched if each.startswith("children:")} == moves, event


def test_the_guard_names_what_is_not_finished():
    check = GUARDS["all-subtasks-done"].check
    assert check({}, MoveFacts()) is None
    refusal = check({}, MoveFacts(unfinished_subtasks=tuple(f"task_{n}" for n in range(101))))
    assert refusal is not None
    assert refusal.kind is Kind.GUARD_REFUSED
    assert (refusal.fields["guard"], len(refusal.fields["missing"])) == ("all-subtasks-done", 100)
    assert "101" in refusal.detail
    hidden = check({}, MoveFacts(hidden_subtasks=2))
    assert hidden is not None
    assert (hidden.fields["missing"], "2 of them" in hidden.detail) == ([], True)


FIELDS = tuple(
    FieldDefinition(field_id=f"fld_{key}", key=key, name=key, type="text") for key in "abc"
)


def test_a_copy_says_what_the_task_says_in_the_words_of_those_who_wrote_it():
    task = task_of(
        placed("task_b"), task_type="bug", tags=("t",), estimate=2.0, assignee_ids=(BOB,)
    )
    state = task.state
    for event, author in (
        (TaskRetitled(title="Bob's", was="Paint it"), BOB),
        (TaskDescribed(description="Eve's"), EVE),
        (TaskFieldsChanged(fields={"a": "Ann's", "b": "more"}, was={}), ANN),
        (TaskFieldsChanged(fields={"c": "Bob's"}, was={}), BOB),
    ):
        state = TASK.evolve(state, event, stamp(state.version + 1, actor=author))
    project = project_of(ProjectFieldsChanged(fields=FIELDS, was=())).state
    (created, written), (rest, of_rest) = subtasks.copied(
        state,
        project,
        rank="a2",
        assignee_ids=(),
        fields=state.fields,
        parent_task_id="task_b",
        defaults={},
    )
    assert written == {"title": BOB, "description": EVE, "fields": ANN}
    assert (created.title, created.description, created.fields) == (
        "Bob's", "Eve's", {"a": "Ann's", "b": "more"},
    )  # fmt: skip
    assert (rest.fields, rest.was, of_rest) == ({"c": "Bob's"}, {"c": None}, {"fields": BOB})
    assert (created.type, created.tags, created.estimate) == ("bug", ("t",), 2.0)
    assert (created.assignee_ids, created.copy_of, created.status) == ((), TASK_ID, "todo")
    copy = TASK.evolve(None, created, stamp(1, "task_x", actor=EVE, authors=written))
    assert copy is not None
    copy = TASK.evolve(copy, rest, stamp(2, "task_x", actor=EVE, authors=of_rest))
    assert copy is not None
    assert (copy.title_author, copy.description_author) == (BOB, EVE)
    assert (copy.fields, copy.field_authors) == (state.fields, {"a": ANN, "b": ANN, "c": BOB})
    ((renamed, authors),) = subtasks.copied(
        state,
        project,
        rank="a2",
        assignee_ids=(),
        fields={},
        parent_task_id=None,
        title="Mine",
        defaults={},
    )
    assert (renamed.title, authors) == ("Mine", {"description": EVE})


def test_a_copy_is_otherwise_a_new_task_where_it_is_put():
    due = datetime(2026, 3, 9, tzinfo=UTC)
    task = task_of(
        task_type="bug",
        priority=2,
        due_date=due,
        due_all_day=True,
        start_date=due,
        estimate=2.0,
        tags=("t",),
        status="done",
    ).state
    types = tuple(TaskType(key=key, name=key.title()) for key in ("wish", "story"))
    project = replace(project_of().state, project_id="proj_x", key="OPS", types=types)
    ((created, _),) = subtasks.copied(
        task,
        project,
        rank="z9",
        assignee_ids=[BOB],
        fields={},
        parent_task_id="task_p",
        defaults={},
    )
    assert created == TaskCreated(
        project_id="proj_x",
        project_key="OPS",
        title="Paint it",
        description="",
        status="todo",
        status_category="todo",
        priority=2,
        rank="z9",
        type="wish",
        assignee_ids=(BOB,),
        due_date=due,
        due_all_day=True,
        start_date=due,
        estimate=2.0,
        tags=("t",),
        parent_task_id="task_p",
        copy_of=TASK_ID,
    )


def test_a_copy_has_what_the_project_requires_where_tasks_begin():
    required, unasked, elsewhere = (
        replace(each, default="as ever", required_at=at)
        for each, at in zip(FIELDS, (("todo",), (), ("done",)), strict=True)
    )
    project = project_of(ProjectFieldsChanged(fields=(required, unasked, elsewhere), was=())).state
    copied = partial(
        subtasks.copied, project=project, rank="a2", assignee_ids=(), parent_task_id=None
    )
    # Only what it would be refused without: what was left empty on purpose stays so.
    ((created, _),) = copied(task_of().state, fields={}, defaults=defaults_of(project.fields))
    assert created.fields == {"a": "as ever"}
    ((created, _),) = copied(task_of().state, fields={"a": "own"}, defaults={"a": "as ever"})
    assert created.fields == {"a": "own"}
    with pytest.raises(Refused) as caught:
        copied(task_of().state, fields={"b": "x"}, defaults={})
    assert caught.value.kind is Kind.GUARD_REFUSED
    assert caught.value.fields == {
        "guard": "required-at",
        "missing": ["fields.a"],
        "task_id": TASK_ID,
    }
    with pytest.raises(Refused) as caught:
        copied(task_of(TaskTrashed()).state, fields={"a": "x"}, defaults={})
    assert caught.value.kind is Kind.TRASHED
