"""Take a saved view out of use."""

from commands.saved_view.on_saved_view import OnSavedView
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.saved_view import decisions
from domain.saved_view.events import SavedViewDeleted
from domain.saved_view.state import SAVED_VIEW
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSavedView:
    view_id: str


async def delete_saved_view(command: DeleteSavedView, work: Work) -> str:
    view = work.seen(SAVED_VIEW, command.view_id)
    work.record(SAVED_VIEW, view.workspace_id, view.view_id, *decisions.delete(view))
    return view.view_id


DELETE_SAVED_VIEW = CommandSpec(
    command=DeleteSavedView,
    handler=delete_saved_view,
    permission=OnSavedView(),
    events=(SavedViewDeleted,),
    route="DELETE /views/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.view_id,
)
