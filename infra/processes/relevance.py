"""Which stored events a view looks at: the others need not be opened to build it."""

from collections.abc import Callable

from infra.event_store.event_types import EVENT_TYPES, UPCASTERS
from projections.projection import Projection


def relevance(projection: Projection) -> Callable[[str], bool]:
    """Whether events of a stored type concern the view; of a type that nobody knows they do, so
    that it is not passed over in silence."""
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
