"""The dependencies of a workspace as its events leave them, with an index by task."""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime

from domain.aggregate import Aggregate
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.dependency_graph.places import Line, Places, placed
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.shared_map import SharedMap
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`version` is the graph's when the edge was added."""

    dependency_id: str
    type: str
    from_task_id: str
    to_task_id: str
    creator_id: str
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Around:
    """What one task depends on and what on it: ids of its edges of any type, and of the tasks
    at the other ends of those that block."""

    edges: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()


NOTHING_AROUND = Around()


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyGraph(StreamState):
    """`edges` by their ids; `around` is the index by task, which follows from them, as does
    `line`."""

    edges: SharedMap[Edge] = field(default_factory=SharedMap)
    around: SharedMap[Around] = field(default_factory=SharedMap)
    line: Line = field(default_factory=Line, compare=False, repr=False)

    @property
    def places(self) -> Places:
        """Some that are possible: two graphs with the same edges may have others."""
        found = self.line.found
        if found is None:
            found = self.line.found = placed(
                (task for task, near in self.around.items() if near.blocks or near.blocked_by),
                ((task, each) for task, near in self.around.items() for each in near.blocks),
            )
        return found

    def edges_of(self, task_id: str) -> tuple[Edge, ...]:
        """The edges of one task, in the order in which they were added."""
        near = self.around.get(task_id, NOTHING_AROUND)
        return tuple(self.edges[each] for each in near.edges)

    def edge(self, type_: str, from_task_id: str, to_task_id: str) -> Edge | None:
        """The one between these tasks; of those that relate, whichever way it goes."""
        ends = {(from_task_id, to_task_id)}
        if type_ == "relates":
            ends.add((to_task_id, from_task_id))
        for edge in self.edges_of(from_task_id):
            if edge.type == type_ and (edge.from_task_id, edge.to_task_id) in ends:
                return edge
        return None


def evolve(state: DependencyGraph | None, event: object, stamp: Stamp) -> DependencyGraph | None:
    match event:
        case DependencyAdded():
            state = state or begun(DependencyGraph, stamp)
            return _added(state, event, stamp)
        case DependencyRemoved() if state is not None:
            return _removed(state, event, stamp)
        case _:
            return None if state is None else touched(state, stamp)


def graph_with(edges: Iterable[Edge], bare: DependencyGraph) -> DependencyGraph:
    """The graph with these edges, in the order in which they were added, and otherwise as `bare`
    says; the index is made anew."""
    by_id = {edge.dependency_id: edge for edge in edges}
    lists: dict[str, tuple[list[str], list[str], list[str]]] = {}
    for edge in by_id.values():
        source = lists.setdefault(edge.from_task_id, ([], [], []))
        target = lists.setdefault(edge.to_task_id, ([], [], []))
        source[0].append(edge.dependency_id)
        target[0].append(edge.dependency_id)
        if edge.type == "blocks":
            source[1].append(edge.to_task_id)
            target[2].append(edge.from_task_id)
    return DependencyGraph(
        workspace_id=bare.workspace_id,
        updated_at=bare.updated_at,
        updated_by=bare.updated_by,
        version=bare.version,
        position=bare.position,
        edges=SharedMap(by_id),
        around=SharedMap({task: Around(*map(tuple, near)) for task, near in lists.items()}),
    )


def _added(state: DependencyGraph, event: DependencyAdded, stamp: Stamp) -> DependencyGraph:
    if event.dependency_id in state.edges or event.from_task_id == event.to_task_id:
        return touched(state, stamp)
    edge = Edge(
        dependency_id=event.dependency_id,
        type=event.type,
        from_task_id=event.from_task_id,
        to_task_id=event.to_task_id,
        creator_id=stamp.actor,
        created_at=stamp.at,
        version=stamp.version,
    )
    source = state.around.get(edge.from_task_id, NOTHING_AROUND)
    target = state.around.get(edge.to_task_id, NOTHING_AROUND)
    blocks = edge.type == "blocks"
    around = state.around.put(
        edge.from_task_id,
        Around(
            (*source.edges, edge.dependency_id),
            (*source.blocks, edge.to_task_id) if blocks else source.blocks,
            source.blocked_by,
        ),
    ).put(
        edge.to_task_id,
        Around(
            (*target.edges, edge.dependency_id),
            target.blocks,
            (*target.blocked_by, edge.from_task_id) if blocks else target.blocked_by,
        ),
    )
    edges = state.edges.put(edge.dependency_id, edge)
    line = _line(state, edge) if blocks else state.line
    return touched(state, stamp, edges=edges, around=around, line=line)


def _line(state: DependencyGraph, edge: Edge) -> Line:
    """The places with one edge more, where anybody has asked for those without it."""
    found, around = state.line.found, state.around
    if found is None:
        return Line()
    return Line(
        found.with_edge(
            edge.from_task_id,
            edge.to_task_id,
            lambda task_id: around.get(task_id, NOTHING_AROUND).blocks,
            lambda task_id: around.get(task_id, NOTHING_AROUND).blocked_by,
        )
    )


def _removed(state: DependencyGraph, event: DependencyRemoved, stamp: Stamp) -> DependencyGraph:
    edge = state.edges.get(event.dependency_id)
    if edge is None:
        return touched(state, stamp)
    around = state.around
    for task_id in (edge.from_task_id, edge.to_task_id):
        near = _without(around[task_id], edge)
        around = around.put(task_id, near) if near.edges else around.without(task_id)
    edges = state.edges.without(edge.dependency_id)
    return touched(state, stamp, edges=edges, around=around)


def _without(near: Around, edge: Edge) -> Around:
    ends = (edge.from_task_id, edge.to_task_id)
    blocks = edge.type == "blocks"
    return Around(
        tuple(each for each in near.edges if each != edge.dependency_id),
        _less(near.blocks, ends) if blocks else near.blocks,
        _less(near.blocked_by, ends) if blocks else near.blocked_by,
    )


def _less(tasks: tuple[str, ...], ends: tuple[str, str]) -> tuple[str, ...]:
    return tuple(each for each in tasks if each not in ends)


DEPENDENCY_GRAPH = Aggregate("graph", evolve, last_event_tells=True)
