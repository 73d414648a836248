"""What a commit brings into limited columns, and when that is too much."""

from typing import Any

from domain.errors import Kind
from domain.project.board import Column
from domain.project.events import ProjectColumnsChanged, ProjectSwimlaneChanged
from domain.project.state import Project
from domain.task import decisions
from domain.task.wip import Standing, Traffic, refusal_of, traffic_of
from tests.domain.examples import founded, project_of
from tests.domain.given import ANN, BOB, LIMITS


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


def test_a_column_without_a_limit_never_looks():
    project = board("priority")
    assert not only(traffic_of(project, [(None, task(project, "todo"))])).is_limited
