"""How each event of a saved view is taken back."""

from typing import Final

from commands.inverse import Inverse, Inverses, kept
from commands.saved_view.change_saved_view import ChangeSavedView
from commands.saved_view.delete_saved_view import DeleteSavedView
from commands.saved_view.restore_saved_view import RestoreSavedView
from domain.saved_view.events import (
    SavedViewAltered,
    SavedViewCreated,
    SavedViewDeleted,
    SavedViewRenamed,
    SavedViewRestored,
    SavedViewShared,
)

SAVED_VIEW_INVERSES: Final[Inverses] = {
    SavedViewCreated: Inverse(
        DeleteSavedView, lambda undone: DeleteSavedView(view_id=undone.stream)
    ),
    SavedViewRenamed: Inverse(
        ChangeSavedView,
        lambda undone: ChangeSavedView(view_id=undone.stream, name=kept(undone.event.was)),
    ),
    SavedViewAltered: Inverse(
        ChangeSavedView,
        lambda undone: ChangeSavedView(
            view_id=undone.stream,
            query=kept(undone.before.query),
            filters=undone.before.filters,
            sort=undone.before.sort or "",
        ),
    ),
    SavedViewShared: Inverse(
        ChangeSavedView,
        lambda undone: ChangeSavedView(
            view_id=undone.stream, shares=True, project_id=undone.event.was
        ),
    ),
    SavedViewDeleted: Inverse(
        RestoreSavedView, lambda undone: RestoreSavedView(view_id=undone.stream)
    ),
    SavedViewRestored: Inverse(
        DeleteSavedView, lambda undone: DeleteSavedView(view_id=undone.stream)
    ),
}
