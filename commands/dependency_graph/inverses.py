"""How each event of the dependencies in a workspace is taken back."""

from typing import Final

from commands.dependency_graph.add_dependency import AddDependency
from commands.dependency_graph.remove_dependency import RemoveDependency
from commands.inverse import Inverse, Inverses, Undone
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.task.decisions import COUNTERPARTS


def _dependency_back(undone: Undone) -> AddDependency:
    event: DependencyRemoved = undone.event
    is_source = event.task_id == event.from_task_id
    return AddDependency(
        task_id=event.task_id,
        other_task_id=event.to_task_id if is_source else event.from_task_id,
        relation=event.type if is_source else COUNTERPARTS[event.type],
        dependency_id=event.dependency_id,
    )


DEPENDENCY_GRAPH_INVERSES: Final[Inverses] = {
    DependencyAdded: Inverse(
        RemoveDependency,
        lambda undone: RemoveDependency(
            task_id=undone.event.task_id, dependency_id=undone.event.dependency_id
        ),
    ),
    DependencyRemoved: Inverse(AddDependency, _dependency_back),
}
