"""Places of tasks in a line, against networkx over one long life of edges."""

from itertools import pairwise
from random import Random
from typing import Any

import networkx as nx

from domain.dependency_graph import decisions
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.dependency_graph.order import in_order
from domain.dependency_graph.places import placed
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from tests.domain.given import stamp

TASKS = [f"task_{n}" for n in range(24)]


def edge(kind: Any, number: str, source: str, target: str) -> Any:
    return kind(
        dependency_id=number,
        type="blocks",
        from_task_id=source,
        to_task_id=target,
        task_id=source,
    )


def test_places_follow_every_edge_and_ways_are_the_shortest():
    random, graph, blocks = Random(5), None, nx.DiGraph()
    blocks.add_nodes_from(TASKS)
    held: dict[tuple[str, str], str] = {}
    for step in range(240):
        source, target = random.sample(TASKS, 2)
        if (source, target) in held or random.random() < 0.2:
            ends = (source, target) if (source, target) in held else next(iter(held), None)
            if ends is None:
                continue
            event = edge(DependencyRemoved, held.pop(ends), *ends)
            blocks.remove_edge(*ends)
        elif nx.has_path(blocks, target, source):
            assert graph is not None
            way = decisions.path(graph, target, source)
            assert way is not None
            assert (way[0], way[-1]) == (target, source)
            assert all(blocks.has_edge(*each) for each in pairwise(way))
            assert len(way) == nx.shortest_path_length(blocks, target, source) + 1
            continue
        else:
            assert graph is None or decisions.path(graph, target, source) is None
            held[source, target] = f"dep_{step}"
            event = edge(DependencyAdded, f"dep_{step}", source, target)
            blocks.add_edge(source, target)
        graph = DEPENDENCY_GRAPH.evolve(graph, event, stamp(step + 1))
        assert graph is not None
        places = graph.places
        assert all(places.of[one] < places.of[other] for one, other in blocks.edges)
        taken = [places.of[each] for each in TASKS if blocks.degree(each)]
        assert len(set(taken)) == len(taken)
        assert all(places.first <= each <= places.last for each in taken)


def test_a_line_grows_at_its_ends_and_a_ring_changes_nothing():
    none: dict[str, tuple[str, ...]] = {}

    def neighbours(of: dict[str, tuple[str, ...]]) -> Any:
        return lambda task: of.get(task, ())

    two = placed([], []).with_edge("a", "b", neighbours(none), neighbours(none))
    assert (dict(two.of), two.first, two.last) == ({"a": 1, "b": 2}, 0, 2)
    blocks, blocked_by = {"a": ("b",)}, {"b": ("a",)}
    three = two.with_edge("a", "c", neighbours(blocks), neighbours(blocked_by))
    assert (dict(three.of), three.first, three.last) == ({"a": 1, "b": 2, "c": 3}, 0, 3)
    before = two.with_edge("z", "b", neighbours(blocks), neighbours(blocked_by))
    assert (dict(before.of), before.first, before.last) == ({"a": 1, "b": 2, "z": -1}, -1, 2)
    assert two.with_edge("b", "a", neighbours(blocks), neighbours(blocked_by)) is two
    assert two.with_edge("a", "b", neighbours(blocks), neighbours(blocked_by)) is two
    again = placed(["c", "b", "a"], [("a", "b"), ("b", "c")])
    assert (dict(again.of), again.first, again.last) == ({"a": 1, "b": 2, "c": 3}, 0, 3)


def test_tasks_that_are_not_asked_for_only_stand_between():
    assert in_order(["a", "b", "c"], [("x", "a"), ("c", "y"), ("y", "x")]) == ["b", "c", "a"]
    assert in_order(["a"], [("x", "y"), ("y", "z")]) == ["a"]
    assert in_order(["b", "a"], [("x", "b")]) == ["b", "a"]
