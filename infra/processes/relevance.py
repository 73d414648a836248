"""Which stored events this code knows, and which of them a view looks at."""

from collections.abc import Callable

from infra.event_store.event_types import EVENT_TYPES, UPCASTERS
from projections.projection import Projection


def is_known(name: str) -> bool:
    """Whether this code can read events of a stored type."""
    return any(name == event_type.name for event_type in EVENT_TYPES) or any(
        name == upcaster.name for upcaster in UPCASTERS
    )


def relevance(projection: Projection) -> Callable[[str], bool]:
    """Whether events of a stored type concern the view: the others need not be opened to build
    it. Those of a type that nobody knows do, so that they are not passed over in silence."""
    if projection.every is not None:
        return lambda name: True
    classes = {event_type.name: event_type.event for event_type in EVENT_TYPES}
    newest = {upcaster.name: upcaster.to for upcaster in UPCASTERS}
    passed_over = set()
    for name in {*classes, *newest}:
        read_as = name
        while read_as in newest:
            read_as = newest[read_as]
        if classes[read_as] not in projection.folds:
            passed_over.add(name)
    return lambda name: name not in passed_over
