"""What may depend on what, and what may not."""

from datetime import timedelta
from typing import Any

import pytest

from domain.dependency_graph import decisions
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.dependency_graph.order import in_order
from domain.dependency_graph.state import DEPENDENCY_GRAPH, Edge
from domain.errors import Kind
from domain.values.limits import Limits
from tests.domain.given import ANN, LIMITS, START, Case, given

GRAPH = "graph_00000000000000000000000001"
A, B, C, D = (f"task_0000000000000000000000000{n}" for n in "1234")


def edge(number: int, source: str, target: str, type_: str = "blocks") -> DependencyAdded:
    return DependencyAdded(
        dependency_id=f"dep_{number}",
        type=type_,
        from_task_id=source,
        to_task_id=target,
        task_id=source,
    )


def gone(
    number: int, source: str, target: str, type_: str = "blocks", at: str | None = None
) -> DependencyRemoved:
    return DependencyRemoved(
        dependency_id=f"dep_{number}",
        type=type_,
        from_task_id=source,
        to_task_id=target,
        task_id=at or source,
    )


def graph(*events: object) -> Case[Any]:
    return given(DEPENDENCY_GRAPH, GRAPH, *events)


def adding(
    source: str, target: str, type_: str = "blocks", *, number: int = 9, limits: Limits = LIMITS
) -> dict[str, Any]:
    return {
        "dependency_id": f"dep_{number}",
        "type": type_,
        "from_task_id": source,
        "to_task_id": target,
        "task_id": source,
        "limits": limits,
    }


def test_the_first_dependency_of_a_workspace_begins_its_graph():
    assert decisions.add(None, **adding(A, B)) == (edge(9, A, B),)


def test_a_dependency_stands_at_both_of_its_tasks():
    after = graph(edge(1, A, B)).when(decisions.add, **adding(B, C)).then(edge(9, B, C))
    assert [each.dependency_id for each in after.edges_of(B)] == ["dep_1", "dep_9"]
    assert after.edge("blocks", B, C).dependency_id == "dep_9"
    assert after.edge("blocks", C, B) is None
    near = after.around[B]
    assert (near.blocks, near.blocked_by) == ((C,), (A,))


@pytest.mark.parametrize("type_", ["blocks", "relates", "duplicates"])
def test_nothing_depends_on_itself(type_: str):
    graph(edge(1, A, B)).when(decisions.add, **adding(A, A, type_)).refused(
        Kind.DEPENDENCY_CYCLE, path=[A, A]
    )


def test_a_ring_is_refused_with_the_way_around():
    given_ = graph(edge(1, A, B), edge(2, B, C), edge(3, D, A))
    given_.when(decisions.add, **adding(C, A)).refused(Kind.DEPENDENCY_CYCLE, path=[C, A, B, C])
    given_.when(decisions.add, **adding(C, D)).refused(Kind.DEPENDENCY_CYCLE, path=[C, D, A, B, C])
    # What only relates or duplicates holds up nobody.
    given_.when(decisions.add, **adding(C, A, "relates")).then(edge(9, C, A, "relates"))
    given_.when(decisions.add, **adding(C, A, "duplicates")).then(edge(9, C, A, "duplicates"))


def test_a_removed_dependency_closes_no_ring():
    given_ = graph(edge(1, A, B), edge(2, B, C), gone(1, A, B))
    after = given_.when(decisions.add, **adding(C, A)).then(edge(9, C, A))
    assert A in after.around[C].blocks
    assert given_.state.around.get(A) is None


def test_the_log_says_who_added_an_edge_and_when_and_repeats_none():
    state = graph(edge(1, A, B), edge(1, B, C), edge(2, C, C)).state
    assert dict(state.edges) == {
        "dep_1": Edge(
            dependency_id="dep_1",
            type="blocks",
            from_task_id=A,
            to_task_id=B,
            creator_id=ANN,
            created_at=START + timedelta(seconds=1),
            version=1,
        )
    }
    assert state.version == 3


def test_what_relates_goes_without_what_blocks_between_the_same_tasks():
    given_ = graph(edge(1, A, B), edge(2, A, B, "relates"), gone(2, A, B, "relates"))
    assert (given_.state.around[A].blocks, given_.state.around[B].blocked_by) == ((B,), (A,))
    assert [each.dependency_id for each in given_.state.edges_of(A)] == ["dep_1"]


def test_the_same_dependency_again_is_refused():
    given_ = graph(edge(1, A, B), edge(2, A, B, "relates"), edge(3, A, B, "duplicates"))
    for type_ in ("blocks", "relates", "duplicates"):
        given_.when(decisions.add, **adding(A, B, type_)).refused(
            Kind.ALREADY_EXISTS, field="to_task_id"
        )
    given_.when(decisions.add, **adding(B, A, "relates")).refused(
        Kind.ALREADY_EXISTS, field="to_task_id"
    )
    given_.when(decisions.add, **adding(B, A, "duplicates")).then(edge(9, B, A, "duplicates"))
    given_.when(decisions.add, **adding(C, D, number=1)).refused(
        Kind.ALREADY_EXISTS, field="dependency_id"
    )


def test_a_task_has_only_so_many():
    few = Limits(dependencies=2)
    given_ = graph(edge(1, A, B), edge(2, C, A, "relates"))
    given_.when(decisions.add, **adding(A, D, limits=few)).invalid(" too-many")
    given_.when(decisions.add, **adding(D, A, limits=few)).invalid(" too-many")
    given_.when(decisions.add, **adding(B, D, limits=few)).then(edge(9, B, D))


def test_an_unknown_type_is_refused():
    graph().when(decisions.add, **adding(A, B, "loves")).invalid("/dependency_type unknown")


def test_only_what_is_there_is_removed_and_at_its_own_tasks():
    given_ = graph(edge(1, A, B))
    for task_id in (A, B):
        given_.when(decisions.remove, task_id, "dep_1").then(gone(1, A, B, at=task_id))
    given_.when(decisions.remove, C, "dep_1").refused(Kind.NOT_FOUND)
    given_.when(decisions.remove, A, "dep_2").refused(Kind.NOT_FOUND)
    graph().when(decisions.remove, A, "dep_1").refused(Kind.NOT_FOUND)


def test_an_order_keeps_to_what_was_given_where_nothing_forces_another():
    assert in_order([A, B, C], []) == [A, B, C]
    assert in_order([A, B, C], [(C, A)]) == [B, C, A]
    # Through a task that is not asked for.
    assert in_order([A, B], [(B, D), (D, A)]) == [B, A]
