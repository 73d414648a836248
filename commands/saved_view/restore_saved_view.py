"""Bring a deleted view back."""

from commands.saved_view.on_saved_view import OnSavedView
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.saved_view import decisions
from domain.saved_view.events import SavedViewRestored
from domain.saved_view.state import SAVED_VIEW
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSavedView:
    view_id: str


async def restore_saved_view(command: RestoreSavedView, work: Work) -> str:
    view = work.seen(SAVED_VIEW, command.view_id)
    work.record(SAVED_VIEW, view.workspace_id, view.view_id, *decisions.restore(view))
    return view.view_id


RESTORE_SAVED_VIEW = CommandSpec(
    command=RestoreSavedView,
    handler=restore_saved_view,
    permission=OnSavedView(),
    events=(SavedViewRestored,),
    route="POST /views/{id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: command.view_id,
)
