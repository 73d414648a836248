"""Change a saved view: its name, what it asks for, with whom it is shared."""

from collections.abc import Mapping

from commands.saved_view.on_saved_view import OnSavedView, require_may_share
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.saved_view import decisions
from domain.saved_view.events import SavedViewAltered, SavedViewRenamed, SavedViewShared
from domain.saved_view.state import SAVED_VIEW
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSavedView:
    """None leaves a part as it is; an empty `sort` is none. `project_id` counts where `shares`
    says that it is meant; None is private then."""

    view_id: str
    name: str | None = None
    query: str | None = None
    filters: Mapping[str, tuple[str, ...]] | None = None
    sort: str | None = None
    shares: bool = False
    project_id: str | None = None


async def change_saved_view(command: ChangeSavedView, work: Work) -> str:
    view = work.seen(SAVED_VIEW, command.view_id)
    decisions.require_there(view)
    events = decisions.alter(
        view,
        query=command.query,
        filters=command.filters,
        sort=command.sort,
        limits=work.limits,
    )
    if command.name is not None:
        events += decisions.rename(view, command.name, work.limits)
    if command.shares and command.project_id != view.project_id:
        if command.project_id is not None:
            await require_may_share(work, command.project_id, view.workspace_id)
        shared = decisions.share(view, command.project_id)
        # Whom it is taken from need not hear what it becomes.
        events = (*shared, *events) if view.project_id is not None else (*events, *shared)
    work.record(SAVED_VIEW, view.workspace_id, view.view_id, *events)
    return view.view_id


CHANGE_SAVED_VIEW = CommandSpec(
    command=ChangeSavedView,
    handler=change_saved_view,
    permission=OnSavedView(),
    events=(SavedViewRenamed, SavedViewAltered, SavedViewShared),
    route="PATCH /views/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.view_id,
)
