"""What may happen to the dependencies between a workspace's tasks."""

from typing import Final

from domain.dependency_graph.events import (
    DependencyAdded,
    DependencyGraphEvent,
    DependencyRemoved,
)
from domain.dependency_graph.state import NOTHING_AROUND, DependencyGraph
from domain.errors import Kind, Refused, invalid, not_found
from domain.values.limits import Limits

DEPENDENCY_TYPES: Final = ("blocks", "relates", "duplicates")


def add(
    graph: DependencyGraph | None,
    *,
    dependency_id: str,
    type: str,  # noqa: A002  # the field's name everywhere
    from_task_id: str,
    to_task_id: str,
    task_id: str,
    limits: Limits,
) -> tuple[DependencyGraphEvent, ...]:
    """Both are tasks of this workspace; `task_id` is the one at which it is asked for. Refused
    where blocking would close a ring: `path` are the tasks of the ring, from the one that would
    block on to itself."""
    if type not in DEPENDENCY_TYPES:
        detail = f"Must be one of {', '.join(DEPENDENCY_TYPES)}."
        raise invalid("/dependency_type", detail, "unknown")
    if from_task_id == to_task_id:
        raise _cycle((from_task_id, to_task_id))
    if graph is not None:
        _require_new(graph, dependency_id, type, from_task_id, to_task_id)
        for end in (from_task_id, to_task_id):
            if len(graph.around.get(end, NOTHING_AROUND).edges) >= limits.dependencies:
                raise invalid(
                    "",
                    f"A task has at most {limits.dependencies} dependencies; remove some first.",
                    "too-many",
                )
        way = path(graph, to_task_id, from_task_id) if type == "blocks" else None
        if way is not None:
            raise _cycle((from_task_id, *way))
    return (
        DependencyAdded(
            dependency_id=dependency_id,
            type=type,
            from_task_id=from_task_id,
            to_task_id=to_task_id,
            task_id=task_id,
        ),
    )


def remove(
    graph: DependencyGraph | None, task_id: str, dependency_id: str
) -> tuple[DependencyGraphEvent, ...]:
    """One of the dependencies of this task. Raises Refused(NOT_FOUND)."""
    edge = None if graph is None else graph.edges.get(dependency_id)
    if edge is None or task_id not in (edge.from_task_id, edge.to_task_id):
        raise not_found("dependency")
    return (
        DependencyRemoved(
            dependency_id=edge.dependency_id,
            type=edge.type,
            from_task_id=edge.from_task_id,
            to_task_id=edge.to_task_id,
            task_id=task_id,
        ),
    )


def path(graph: DependencyGraph, start: str, goal: str) -> tuple[str, ...] | None:
    """A way from one task to another along what blocks what, None where there is none.

    Whatever is on the way has its place between them. Both ends are followed in turn, the one
    with fewer tasks at its edge first: whoever has little before or behind it is done with soon.
    """
    around, place = graph.around, graph.places.of
    if not _is_between(graph, start, goal):
        return None
    lower, upper = place[start], place[goal]
    behind: dict[str, str | None] = {start: None}
    before: dict[str, str | None] = {goal: None}
    ahead, back = [start], [goal]
    while ahead and back:
        forward = len(ahead) <= len(back)
        seen, others = (behind, before) if forward else (before, behind)
        reached: list[str] = []
        for task_id in ahead if forward else back:
            near = around.get(task_id, NOTHING_AROUND)
            for each in near.blocks if forward else near.blocked_by:
                if each not in seen and lower <= place[each] <= upper:
                    seen[each] = task_id
                    if each in others:
                        return _joined(each, behind, before)
                    reached.append(each)
        if forward:
            ahead = reached
        else:
            back = reached
    return None


def _is_between(graph: DependencyGraph, start: str, goal: str) -> bool:
    """Whether there is room for a way: the one has something behind it, the other before it, and
    it comes first."""
    behind = graph.around.get(start, NOTHING_AROUND).blocks
    before = graph.around.get(goal, NOTHING_AROUND).blocked_by
    return bool(behind and before) and graph.places.of[start] < graph.places.of[goal]


def _joined(
    middle: str, behind: dict[str, str | None], before: dict[str, str | None]
) -> tuple[str, ...]:
    way: list[str] = []
    task_id: str | None = middle
    while task_id is not None:
        way.append(task_id)
        task_id = behind[task_id]
    way.reverse()
    task_id = before[middle]
    while task_id is not None:
        way.append(task_id)
        task_id = before[task_id]
    return tuple(way)


def _require_new(
    graph: DependencyGraph, dependency_id: str, type_: str, from_task_id: str, to_task_id: str
) -> None:
    if dependency_id in graph.edges:
        raise Refused(
            Kind.ALREADY_EXISTS, "There is a dependency with this id.", field="dependency_id"
        )
    if graph.edge(type_, from_task_id, to_task_id) is not None:
        raise Refused(
            Kind.ALREADY_EXISTS,
            "The tasks depend on each other in this way already.",
            field="to_task_id",
        )


def _cycle(way: tuple[str, ...]) -> Refused:
    return Refused(
        Kind.DEPENDENCY_CYCLE,
        "The task would block itself in the end; remove one of the dependencies on the path.",
        path=list(way),
    )
