"""What a commit brings into limited columns, and when that is too much."""

from dataclasses import replace
from typing import Any

from domain.errors import Kind
from domain.labels.events import LabelCreated, LabelMerged, LabelRenamed
from domain.labels.state import LABELS
from domain.project.board import Column
from domain.project.events import ProjectColumnsChanged, ProjectSwimlaneChanged
from domain.project.lanes import SWIMLANES, lane_value, lanes_of
from domain.project.state import Project
from domain.task import decisions
from domain.task.wip import Standing, Traffic, has_limits, held_lanes, refusal_of, traffic_of
from tests.domain.examples import founded, project_of
from tests.domain.given import ANN, BOB, LIMITS, START, given


def board(swimlane: str = "assignee", **limits: int) -> Project:
    """Todo and in_progress together in one limited column, everything else in another."""
    plain = project_of().state
    rest = tuple(key for key in ("in_review", "blocked", "done", "cancelled"))
    columns = (
        Column(column_id="col_1", name="Open", statuses=("todo", "in_progress"), **limits),
        Column(column_id="col_2", name="Rest", statuses=rest),
    )
    found: Project = project_of(
        ProjectColumnsChanged(columns=columns, was=plain.columns),
        ProjectSwimlaneChanged(swimlane=swimlane, was="assignee"),
    ).state
    return found


def task(project: Project, status: str, **other: Any) -> Any:
    return founded(
        decisions.create(project, title="Paint", rank="a1", limits=LIMITS, status=status, **other)
    )


def only(found: tuple[Traffic, ...]) -> Traffic:
    (traffic,) = (each for each in found if each.column.column_id == "col_1")
    return traffic


def test_moving_within_a_column_or_out_of_it_is_free():
    project = board(wip_limit=1)
    todo, doing, done = (task(project, each) for each in ("todo", "in_progress", "done"))
    assert not only(traffic_of(project, [(todo, doing)])).is_limited
    assert not only(traffic_of(project, [(todo, done)])).is_limited
    assert not only(traffic_of(project, [(todo, done), (None, doing)])).is_limited


def test_the_limit_counts_what_stands_and_what_comes():
    project = board(wip_limit=3)
    coming = [(None, task(project, "todo")), (None, task(project, "in_progress"))]
    traffic = only(traffic_of(project, coming))
    assert (traffic.is_limited, traffic.cards) == (True, 2)
    assert refusal_of(traffic, Standing(1, {})) is None
    refusal = refusal_of(traffic, Standing(2, {}))
    assert refusal is not None
    assert refusal.kind is Kind.WIP_LIMIT_REACHED
    assert dict(refusal.fields) == {
        "limit": 3,
        "count": 2,
        "column": {"column_id": "col_1", "name": "Open"},
    }


def test_lanes_have_their_own_limit_and_a_card_counts_in_each_of_its_own():
    project = board(lane_wip_limit=1)
    both = task(project, "todo", assignee_ids=(ANN, BOB))
    traffic = only(traffic_of(project, [(task(project, "todo", assignee_ids=(ANN,)), both)]))
    assert traffic.fuller_lanes == (f"assignee:{BOB}",)
    refusal = refusal_of(traffic, Standing(9, {f"assignee:{BOB}": 1}))
    assert refusal is not None
    assert refusal.fields["lane"] == BOB
    assert refusal_of(traffic, Standing(9, {f"assignee:{BOB}": 0})) is None


def test_whoever_leaves_a_full_column_or_adds_nothing_to_it_is_let_through():
    project = board(wip_limit=1, lane_wip_limit=1)
    mine, yours = (task(project, "todo", assignee_ids=(each,)) for each in (ANN, BOB))
    leaving = only(traffic_of(project, [(mine, task(project, "done"))]))
    assert leaving.cards == -1
    assert refusal_of(leaving, Standing(5, {f"assignee:{ANN}": 5})) is None
    handed_over = only(traffic_of(project, [(mine, yours)]))
    assert (handed_over.cards, handed_over.is_limited) == (0, True)
    assert refusal_of(handed_over, Standing(5, {})) is None
    one = only(traffic_of(project, [(None, mine)]))
    refusal = refusal_of(one, Standing(1, {}))
    assert refusal is not None
    assert refusal.detail == (
        "The column Open holds at most 1 cards, and 1 stand there; finish or move one first."
    )
    assert "lane" not in refusal.fields
    without_lanes = only(traffic_of(board(wip_limit=1), [(mine, yours)]))
    assert refusal_of(without_lanes, Standing(9, {f"assignee:{BOB}": 9})) is None


def test_a_trashed_card_and_one_of_another_project_stand_nowhere():
    project = board(wip_limit=1)
    card = task(project, "todo")
    gone = replace(card, trashed_at=START)
    elsewhere = replace(card, project_id="proj_x")
    for before, after in ((None, gone), (None, elsewhere), (gone, elsewhere)):
        assert traffic_of(project, [(before, after), (None, replace(card, status="x"))]) == ()
    back = only(traffic_of(project, [(gone, card), (elsewhere, None)]))
    assert back.cards == 1
    assert only(traffic_of(project, [(replace(card, status="x"), card)])).cards == 1
    below = only(traffic_of(board("parent"), [(None, replace(card, parent_task_id="task_p"))]))
    assert below.fuller_lanes == ("parent:task_p",)


LABEL = "lbl_00000000000000000000000001"


def labels_with(*events: object) -> Any:
    return given(
        LABELS,
        "labels_1",
        LabelCreated(label_id=LABEL, tag="bug", name="bug", colour="red"),
        LabelCreated(label_id="lbl_2", tag="wart", name="wart", colour="red"),
        *events,
    ).state


def test_merged_labels_are_one_lane_under_the_name_that_is_shown():
    merged = labels_with(
        LabelMerged(label_id="lbl_2", name="wart", into=LABEL, into_name="bug"),
        LabelRenamed(label_id=LABEL, name="Defect", was="bug"),
    )
    project = board("label", lane_wip_limit=1)
    traffic = only(traffic_of(project, [(None, task(project, "todo", tags=("wart",)))], merged))
    assert traffic.fuller_lanes == ("label:bug",)
    refusal = refusal_of(traffic, Standing(0, {"label:bug": 1}), merged)
    assert refusal is not None
    assert (refusal.fields["lane"], refusal.fields["limit"], refusal.fields["count"]) == (
        "Defect", 1, 1,
    )  # fmt: skip
    assert held_lanes("label:bug", merged) == ("label:bug", "label:wart")
    assert held_lanes("label:bug", None) == ("label:bug",)
    assert held_lanes("label:other", merged) == ("label:other",)
    assert held_lanes("label:", merged) == ("label:",)


def test_a_card_stands_in_the_lanes_of_what_it_has_and_else_in_that_of_none():
    have = {
        "assignee_ids": (ANN, BOB),
        "priority": 2,
        "tags": ("a:b", "c"),
        "parent_task_id": "task_p",
    }
    assert [lanes_of(each, **have) for each in SWIMLANES] == [
        (f"assignee:{ANN}", f"assignee:{BOB}"),
        ("priority:high",),
        ("label:a:b", "label:c"),
        ("parent:task_p",),
    ]
    none = {"assignee_ids": (), "priority": 5, "tags": (), "parent_task_id": None}
    assert [lanes_of(each, **none) for each in SWIMLANES] == [
        ("assignee:",), ("priority:medium",), ("label:",), ("parent:",),
    ]  # fmt: skip
    assert [lane_value(each) for each in ("label:a:b", "label:")] == ["a:b", None]


def test_a_board_is_limited_by_a_column_or_by_a_lane():
    assert not has_limits(board())
    assert has_limits(board(wip_limit=1))
    assert has_limits(board(lane_wip_limit=1))


def test_a_column_without_a_limit_never_looks():
    project = board("priority")
    assert not only(traffic_of(project, [(None, task(project, "todo"))])).is_limited
