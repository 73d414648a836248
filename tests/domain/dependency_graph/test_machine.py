"""The graph against networkx, whatever is added and removed in whatever order."""

from typing import Any

import networkx as nx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.dependency_graph import decisions
from domain.dependency_graph.order import in_order
from domain.dependency_graph.state import DEPENDENCY_GRAPH, DependencyGraph, graph_with
from domain.errors import Kind, Refused
from tests.domain.given import LIMITS, stamp
from tests.domain.tried import tried

TASKS = [f"task_{n}" for n in range(7)]
TYPES = st.sampled_from(["blocks", "blocks", "blocks", "relates", "duplicates"])
ONE = st.sampled_from(TASKS)


class Graphs(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.graph: DependencyGraph | None = None
        self.past: list[tuple[Any, Any]] = []
        self.blocks = nx.DiGraph()
        self.blocks.add_nodes_from(TASKS)
        self.edges: dict[str, tuple[str, str, str]] = {}

    def record(self, events: tuple[Any, ...]) -> None:
        for event in events:
            self.past.append((event, stamp(len(self.past) + 1)))
            self.graph = DEPENDENCY_GRAPH.evolve(self.graph, *self.past[-1])

    @rule(source=ONE, other=ONE, type_=TYPES)
    def add(self, source: str, other: str, type_: str) -> None:
        dependency_id = f"dep_{len(self.past)}"
        try:
            events = decisions.add(
                self.graph,
                dependency_id=dependency_id,
                type=type_,
                from_task_id=source,
                to_task_id=other,
                task_id=source,
                limits=LIMITS,
            )
        except Refused as refused:
            self.check_refusal(refused, source, other, type_)
            return
        assert not self.is_there(source, other, type_)
        if type_ == "blocks":
            assert not nx.has_path(self.blocks, other, source)
            self.blocks.add_edge(source, other)
        self.edges[dependency_id] = (source, other, type_)
        self.record(events)

    def check_refusal(self, refused: Refused, source: str, target: str, type_: str) -> None:
        if refused.kind is Kind.ALREADY_EXISTS:
            assert self.is_there(source, target, type_)
            return
        assert refused.kind is Kind.DEPENDENCY_CYCLE
        path = refused.fields["path"]
        assert (path[0], path[1], path[-1]) == (source, target, source)
        if source != target:
            assert type_ == "blocks"
            assert nx.is_path(self.blocks, path[1:])
            assert len(path[1:]) == nx.shortest_path_length(self.blocks, target, source) + 1

    def is_there(self, source: str, target: str, type_: str) -> bool:
        ends = [(source, target, type_)]
        if type_ == "relates":
            ends.append((target, source, type_))
        return any(each in self.edges.values() for each in ends)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if not self.edges:
            return
        dependency_id = data.draw(st.sampled_from(sorted(self.edges)))
        source, target, type_ = self.edges.pop(dependency_id)
        if type_ == "blocks":
            self.blocks.remove_edge(source, target)
        self.record(decisions.remove(self.graph, source, dependency_id))

    @invariant()
    def the_index_says_what_the_edges_say(self) -> None:
        if self.graph is None:
            return
        assert {
            each.dependency_id: (each.from_task_id, each.to_task_id, each.type)
            for each in self.graph.edges.values()
        } == self.edges
        place = self.graph.places.of
        assert all(place[source] < place[target] for source, target in self.blocks.edges)
        for task in TASKS:
            near = self.graph.around.get(task)
            blocks, blocked_by = (near.blocks, near.blocked_by) if near else ((), ())
            assert sorted(blocks) == sorted(self.blocks.successors(task))
            assert sorted(blocked_by) == sorted(self.blocks.predecessors(task))

    @invariant()
    def an_order_has_blockers_first(self) -> None:
        assert nx.is_directed_acyclic_graph(self.blocks)
        ordered = in_order(TASKS, self.blocks.edges)
        assert sorted(ordered) == TASKS
        place = {task: number for number, task in enumerate(ordered)}
        assert all(place[source] < place[target] for source, target in self.blocks.edges)

    def teardown(self) -> None:
        assert DEPENDENCY_GRAPH.fold(self.past) == self.graph
        if self.graph is not None:
            in_turn = sorted(self.graph.edges.values(), key=lambda each: each.version)
            again = graph_with(in_turn, self.graph)
            assert again == self.graph
            place = again.places.of
            assert all(place[source] < place[target] for source, target in self.blocks.edges)


TestGraphs = Graphs.TestCase
TestGraphs.settings = tried(40, stateful_step_count=30)
