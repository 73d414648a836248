"""Save what a list of tasks asks for, for oneself or for a project."""

from collections.abc import Mapping
from dataclasses import field

from commands.saved_view.on_saved_view import SavesViews, home_of_view
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.saved_view import decisions
from domain.saved_view.events import SavedViewCreated
from domain.saved_view.state import SAVED_VIEW
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveView:
    """`project_id`: shared with it; None: private."""

    name: str
    query: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str | None = None
    project_id: str | None = None
    workspace_id: str | None = None


async def save_view(command: SaveView, work: Work) -> str:
    workspace_id = await home_of_view(command, work)
    events = decisions.create(
        name=command.name,
        query=command.query,
        filters=command.filters,
        sort=command.sort,
        project_id=command.project_id,
        limits=work.limits,
    )
    view_id = work.new_id("view")
    work.record(SAVED_VIEW, workspace_id, view_id, *events)
    return view_id


SAVE_VIEW = CommandSpec(
    command=SaveView,
    handler=save_view,
    permission=SavesViews(),
    events=(SavedViewCreated,),
    route="POST /views",
    inverse=BY_EVENTS,
)
