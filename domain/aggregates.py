"""Every aggregate by the kind of its streams' ids."""

from collections.abc import Mapping
from typing import Any, Final

from domain.aggregate import Aggregate
from domain.comment.state import COMMENT
from domain.custody.state import CUSTODY
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.export.state import EXPORT
from domain.favourites.state import FAVOURITES
from domain.inbox.state import INBOX
from domain.labels.state import LABELS
from domain.ledger.state import LEDGER
from domain.preferences.state import PREFERENCES
from domain.project.state import PROJECT
from domain.reactions.state import REACTIONS
from domain.recurrence.state import RECURRENCE
from domain.reminders.state import REMINDERS
from domain.retention.state import RETENTION
from domain.review.state import REVIEWS
from domain.saved_view.state import SAVED_VIEW
from domain.security.state import NOTE
from domain.task.state import TASK
from domain.template.state import TEMPLATE
from domain.user.state import USER
from domain.watching.state import WATCHING
from domain.workspace.state import WORKSPACE

AGGREGATES: Final[Mapping[str, Aggregate[Any]]] = {
    aggregate.kind: aggregate
    for aggregate in (
        USER,
        WORKSPACE,
        LABELS,
        PROJECT,
        TASK,
        COMMENT,
        REACTIONS,
        DEPENDENCY_GRAPH,
        RECURRENCE,
        WATCHING,
        FAVOURITES,
        TEMPLATE,
        INBOX,
        PREFERENCES,
        REMINDERS,
        SAVED_VIEW,
        EXPORT,
        NOTE,
        REVIEWS,
        LEDGER,
        CUSTODY,
        RETENTION,
    )
}


def aggregate_of(stream: str) -> Aggregate[Any]:
    """The aggregate whose stream this is; KeyError for a kind that has no stream."""
    return AGGREGATES[stream.partition("_")[0]]
