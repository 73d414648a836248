"""Take back a whole command that changed a saved view, while what it changed still stands."""

from commands.inverses import INVERSES
from commands.saved_view.on_saved_view import OnSavedView
from commands.spec import BY_EVENTS, CommandSpec
from commands.undoing import undo_at
from commands.work import Work
from domain.saved_view.state import SAVED_VIEW
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoSavedViewChange:
    """`position` is any one of the command, which changed the view."""

    view_id: str
    position: int


async def undo_saved_view_change(command: UndoSavedViewChange, work: Work) -> str:
    view = work.seen(SAVED_VIEW, command.view_id)
    await undo_at(
        work,
        view.workspace_id,
        command.position,
        lambda change: change.stream == view.view_id,
        "view",
    )
    return view.view_id


UNDO_SAVED_VIEW_CHANGE = CommandSpec(
    command=UndoSavedViewChange,
    handler=undo_saved_view_change,
    permission=OnSavedView(),
    events=tuple(INVERSES),
    route="POST /views/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.view_id,
)
