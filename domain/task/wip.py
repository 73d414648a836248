"""Limits of work in progress: how many cards a column, and each lane of it, may hold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field

from domain.errors import Kind, Refused
from domain.labels.state import Labels
from domain.labels.state import standing as counted
from domain.project.board import Column
from domain.project.lanes import lane_key, lane_value, lanes_of
from domain.project.state import Project
from domain.task.state import Task
from domain.values.frozen import dataclass


@dataclass(slots=True)
class Traffic:
    """What one commit adds to a column and to its lanes, all told; what leaves counts against
    what enters."""

    column: Column
    cards: int = 0
    lanes: Counter[str] = field(default_factory=Counter)

    @property
    def fuller_lanes(self) -> tuple[str, ...]:
        return tuple(lane for lane, more in self.lanes.items() if more > 0)

    @property
    def is_limited(self) -> bool:
        """Whether a limit may stand against it: leaving is always free."""
        return (self.column.wip_limit is not None and self.cards > 0) or (
            self.column.lane_wip_limit is not None and bool(self.fuller_lanes)
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a column: cards in all, and in each of the lanes that were asked for."""

    cards: int
    lanes: Mapping[str, int]


def has_limits(project: Project) -> bool:
    return any(
        column.wip_limit is not None or column.lane_wip_limit is not None
        for column in project.columns
    )


def traffic_of(
    project: Project,
    changes: Iterable[tuple[Task | None, Task | None]],
    labels: Labels | None = None,
) -> tuple[Traffic, ...]:
    """What changes of tasks, each from one state to another, mean for the project's columns.
    `labels` are the workspace's: merged ones are one lane."""
    columns = {status: column for column in project.columns for status in column.statuses}
    found: dict[str, Traffic] = {}
    for change in changes:
        for task, sign in zip(change, (-1, 1), strict=True):
            if task is None or task.trashed or task.project_id != project.project_id:
                continue
            column = columns.get(task.status)
            if column is None:
                continue
            traffic = found.setdefault(column.column_id, Traffic(column))
            traffic.cards += sign
            for lane in _lanes_of(project, task, labels):
                traffic.lanes[lane] += sign
    return tuple(found.values())


def held_lanes(lane: str, labels: Labels | None) -> tuple[str, ...]:
    """A lane as cards hold it: by all the tags that are shown as its label."""
    tag = lane_value(lane)
    label = None if labels is None or tag is None else labels.of_tag(tag)
    if labels is None or label is None:
        return (lane,)
    same = (held for held in labels.by_tag if labels.of_tag(held) is label)
    return tuple(lane_key("label", held) for held in same)


def _lanes_of(project: Project, task: Task, labels: Labels | None) -> tuple[str, ...]:
    return lanes_of(
        project.swimlane,
        assignee_ids=task.assignee_ids,
        priority=task.priority,
        tags=counted(labels, task.tags),
        parent_task_id=task.parent_task_id,
    )


def refusal_of(
    traffic: Traffic, standing: Standing, labels: Labels | None = None
) -> Refused | None:
    """Why the cards may not come in; None where there is room for them."""
    column = traffic.column
    limit, count = column.wip_limit, standing.cards
    if limit is not None and traffic.cards > 0 and count + traffic.cards > limit:
        return _full(column, limit, count, f"The column {column.name} holds at most {limit} cards")
    limit = column.lane_wip_limit
    for lane in traffic.fuller_lanes if limit is not None else ():
        count = standing.lanes.get(lane, 0)
        if limit is not None and count + traffic.lanes[lane] > limit:
            what = f"Each lane of the column {column.name} holds at most {limit} cards"
            value = lane_value(lane)
            label = None if labels is None or value is None else labels.of_tag(value)
            return _full(column, limit, count, what, lane=label.name if label else value)
    return None


def _full(column: Column, limit: int, count: int, what: str, **lane: str | None) -> Refused:
    return Refused(
        Kind.WIP_LIMIT_REACHED,
        f"{what}, and {count} stand there; finish or move one first.",
        limit=limit,
        count=count,
        column={"column_id": column.column_id, "name": column.name},
        **lane,
    )
