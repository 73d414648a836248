"""Every view and its version: the table of contents of all that can be read."""

from .activity import ACTIVITY_VIEW
from .board import BOARD_VIEW
from .comments import COMMENTS_VIEW
from .favourites import FAVOURITES_VIEW
from .intervals import INTERVALS_VIEW
from .members import MEMBERS_VIEW
from .notifications import NOTIFICATIONS_VIEW
from .past import PAST_VIEW
from .projection import Projection
from .projects import PROJECTS_VIEW
from .recurrences import RECURRENCES_VIEW
from .retention import RETENTION_VIEW
from .saved_views import SAVED_VIEWS_VIEW
from .search import SEARCH_VIEW
from .tasks import TASKS_VIEW
from .templates import TEMPLATES_VIEW
from .trail import TRAIL_VIEW

VIEWS: tuple[Projection, ...] = (
    TASKS_VIEW,
    BOARD_VIEW,
    ACTIVITY_VIEW,
    COMMENTS_VIEW,
    PROJECTS_VIEW,
    MEMBERS_VIEW,
    RECURRENCES_VIEW,
    FAVOURITES_VIEW,
    TEMPLATES_VIEW,
    INTERVALS_VIEW,
    SEARCH_VIEW,
    NOTIFICATIONS_VIEW,
    SAVED_VIEWS_VIEW,
    PAST_VIEW,
    TRAIL_VIEW,
    RETENTION_VIEW,
)


def view(name: str) -> Projection:
    """The view of this name. Raises KeyError where there is none."""
    for projection in VIEWS:
        if projection.name == name:
            return projection
    raise KeyError(name)
