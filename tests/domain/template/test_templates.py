"""What a template keeps of tasks and of projects, and what it refuses."""

from typing import Any

import pytest

from domain.errors import Kind
from domain.project.board import Column, ColumnDraft
from domain.project.events import ProjectColumnsChanged
from domain.template import decisions
from domain.template.decisions import TaskOutline
from domain.template.events import (
    TemplateCreated,
    TemplateDeleted,
    TemplateEmptied,
    TemplateRenamed,
    TemplateRestored,
    TemplateTaskAdded,
    TemplateTaskFilled,
)
from domain.template.outline import DEFAULT_OUTLINE, outline_of
from domain.template.state import TEMPLATE
from domain.values.limits import Limits
from domain.values.text import ERASED
from tests.domain.examples import project_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, given, stamp

TEMPLATE_ID = "tmpl_00000000000000000000000001"
CREATED = TemplateCreated(name="Release", description="Each month")
DELETED = TemplateDeleted()


def template_of(*events: object) -> Any:
    return given(TEMPLATE, TEMPLATE_ID, CREATED, *events)


def added(ref: str, title: str, **other: Any) -> TemplateTaskAdded:
    return TemplateTaskAdded(**{"description": "", "priority": 5, **other}, ref=ref, title=title)


def filling(*outlines: TaskOutline, limits: Limits = LIMITS) -> Any:
    return template_of().when(decisions.fill, outlines, limits)


def nested(levels: int) -> TaskOutline:
    outline = TaskOutline(title="Deepest")
    for _ in range(levels - 1):
        outline = TaskOutline(title="Above", subtasks=(outline,))
    return outline


def test_a_template_begins_with_what_it_makes():
    named = {"name": "Release", "description": "Each month", "limits": LIMITS}
    assert decisions.create(project=None, **named) == (CREATED,)
    (created,) = decisions.create(project=DEFAULT_OUTLINE, **named)
    assert created == TemplateCreated(
        name="Release", description="Each month", project=DEFAULT_OUTLINE
    )
    assert template_of().state.kind == "task"
    assert given(TEMPLATE, TEMPLATE_ID, created).state.kind == "project"


def test_tasks_are_kept_level_by_level_under_names_of_the_templates_own():
    filling(
        TaskOutline(
            title="Build",
            ref="build",
            description="For {{version}}",
            priority=2,
            type="story",
            status="todo",
            assignee_ids=(ANN, BOB),
            due_in="P3D",
            start_in="-P1W",
            estimate=2.5,
            tags=("a", "b", "a"),
            fields={"points": 3},
            subtasks=(TaskOutline(title="Compile"), TaskOutline(title="Pack", ref="pack")),
        ),
        TaskOutline(title="Ship", depends_on=("pack", "build", "pack")),
    ).then(
        added(
            "t1",
            "Build",
            description="For {{version}}",
            priority=2,
            type="story",
            status="todo",
            assignee_ids=(ANN, BOB),
            due_in="P3D",
            start_in="-P1W",
            estimate=2.5,
            tags=("a", "b"),
            fields={"points": 3},
        ),
        added("t2", "Ship", depends_on=("t4", "t1")),
        added("t3", "Compile", below="t1"),
        added("t4", "Pack", below="t1"),
    )


def test_a_task_may_say_below_which_other_one_it_stands():
    filling(
        TaskOutline(title="Pack", ref="pack", below="build"),
        TaskOutline(title="Build", ref="build", subtasks=(TaskOutline(title="Compile"),)),
        TaskOutline(title="Wrap", below="pack"),
    ).then(
        added("t1", "Build"),
        added("t2", "Compile", below="t1"),
        added("t3", "Pack", below="t1"),
        added("t4", "Wrap", below="t3"),
    )
    filling(
        TaskOutline(title="a", ref="a"),
        TaskOutline(title="b", ref="b", below="c"),
        TaskOutline(title="c", ref="c", below="b"),
        TaskOutline(title="d", below="x"),
    ).invalid("/tasks/1/below unknown", "/tasks/2/below unknown", "/tasks/3/below unknown")


def test_other_tasks_take_the_place_of_those_that_were_there():
    one = TaskOutline(title="Ship")
    assert decisions.fill(None, [one], LIMITS) == (added("t1", "Ship"),)
    full = template_of(added("t1", "Build"), added("t2", "Pack"))
    after = full.when(decisions.fill, [one], LIMITS).then(TemplateEmptied(), added("t1", "Ship"))
    assert [each.title for each in after.tasks] == ["Ship"]


def test_everything_wrong_in_the_tasks_is_said_where_it_stands():
    filling(
        TaskOutline(title="", due_in="P3H", start_in="soon", priority=11),
        TaskOutline(
            title="Ship",
            ref="ship",
            depends_on=("nothing", "ship"),
            subtasks=(TaskOutline(title="x", description="a\x00", tags=("",)),),
        ),
    ).invalid(
        "/tasks/0/title",
        "/tasks/0/priority",
        "/tasks/0/due_in",
        "/tasks/0/start_in",
        "/tasks/1/depends_on/0 unknown",
        "/tasks/1/depends_on/1",
        "/tasks/1/subtasks/0/description",
        "/tasks/1/subtasks/0/tags/0",
    )


def test_a_ref_is_one_tasks_own_and_short():
    filling(TaskOutline(title="a", ref="x" * 64), TaskOutline(title="b", ref="x")).then(
        added("t1", "a"), added("t2", "b")
    )
    filling(TaskOutline(title="a", ref="x"), TaskOutline(title="b", ref="x")).invalid(
        "/tasks repeated", "/tasks repeated"
    )
    for wrong in ("", "x" * 65):
        filling(TaskOutline(title="a", ref=wrong)).invalid("/tasks")


def test_a_template_is_bounded_in_tasks_and_in_levels():
    few = Limits(template_tasks=3, subtask_depth=3, assignees=1)
    assert len(filling(nested(3), limits=few).decide()) == 3
    filling(nested(4), limits=Limits(subtask_depth=3)).invalid("/tasks too-deep")
    filling(*[TaskOutline(title="a")] * 4, limits=few).invalid("/tasks too-many")
    two = TaskOutline(title="a", subtasks=(TaskOutline(title="b"),) * 2)
    assert len(filling(two, limits=few).decide()) == 3
    filling(two, TaskOutline(title="c"), limits=few).invalid("/tasks")
    filling(TaskOutline(title="a", assignee_ids=(ANN, BOB)), limits=few).then(
        added("t1", "a", assignee_ids=(ANN,))
    )


def test_a_template_has_at_most_fifty_variables():
    texts = [" ".join(f"{{{{v{n}}}}}" for n in range(low, low + 17)) for low in (0, 17, 33)]
    tasks = [TaskOutline(title=texts[0]), TaskOutline(title="b", description=" ".join(texts[1:]))]
    assert len(filling(*tasks).decide()) == 2
    filling(*tasks, TaskOutline(title="{{one_more}}")).invalid("/tasks too-many")


def test_a_template_is_renamed_deleted_and_restored():
    template_of().when(decisions.rename, "Hotfix", LIMITS).then(
        TemplateRenamed(name="Hotfix", was="Release")
    )
    template_of().when(decisions.rename, "Release", LIMITS).nothing()
    template_of().when(decisions.rename, " ", LIMITS).invalid("/name")
    template_of().when(decisions.delete).then(DELETED)
    template_of(DELETED).when(decisions.delete).nothing()
    template_of(DELETED).when(decisions.restore).then(TemplateRestored())
    template_of().when(decisions.restore).nothing()
    template_of(DELETED).when(decisions.rename, "Hotfix", LIMITS).refused(Kind.TRASHED)
    assert template_of(DELETED, TemplateRestored()).state.deleted is False


def test_a_project_is_outlined_with_its_limits_and_without_its_people():
    column = Column(
        column_id="col_1", name="All", statuses=("todo",), wip_limit=3, lane_wip_limit=2
    )
    project = project_of(ProjectColumnsChanged(columns=(column,), was=())).state
    outline = outline_of(project)
    assert outline.columns == (
        ColumnDraft(name="All", statuses=("todo",), wip_limit=3, lane_wip_limit=2),
    )
    assert (outline.view_type, outline.workflow) == (project.view_type, project.workflow)
    assert (outline.fields, outline.types) == (project.fields, project.types)


def test_each_word_of_a_template_is_whose_who_wrote_it():
    of_each = {"title": EVE, "description": BOB, "fields": EVE}
    state = template_of().state
    for version, event in enumerate(
        (
            added("t1", "Build", description="Fast", fields={"a": "one", "n": 1}),
            added("t2", "Pack", description=ERASED, fields=ERASED),
            TemplateTaskFilled(ref="t1", fields={"b": "two"}),
            TemplateTaskFilled(ref="t1", fields=ERASED),
        ),
        start=2,
    ):
        authors = of_each if isinstance(event, TemplateTaskAdded) else {"fields": BOB}
        state = TEMPLATE.evolve(state, event, stamp(version, authors=authors))
    build, pack = state.tasks
    assert (build.title_author, build.description_author) == (EVE, BOB)
    assert build.fields == {"a": "one", "n": 1, "b": "two"}
    assert build.field_authors == {"a": EVE, "n": EVE, "b": BOB}
    assert (pack.fields, pack.field_authors) == ({}, {})
    assert list(state.texts()) == [
        ("Build", EVE), ("Fast", BOB), ("one", EVE), ("two", BOB), ("Pack", EVE),
    ]  # fmt: skip


@pytest.mark.parametrize("event", [DELETED, TemplateRenamed(name="B", was="A")])
def test_a_template_begins_with_its_creation(event: object):
    assert TEMPLATE.evolve(None, event, stamp(1)) is None
