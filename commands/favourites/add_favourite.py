"""Keep a project or a task at hand."""

from commands.favourites.place import of_entity
from commands.inverse import NoInverse
from commands.permissions import ForOneself
from commands.spec import CommandSpec
from commands.work import Work
from domain.favourites import decisions
from domain.favourites.events import FavouriteAdded
from domain.favourites.state import FAVOURITES, favourites_of
from domain.task.decisions import require_not_trashed
from domain.task.state import TASK
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFavourite:
    """One of the two, for oneself."""

    project_id: str | None = None
    task_id: str | None = None


async def add_favourite(command: AddFavourite, work: Work) -> str:
    entity_id, workspace_id = of_entity(command, work)
    if command.task_id is not None:
        require_not_trashed(work.seen(TASK, command.task_id))
    stream = favourites_of(work.actor, workspace_id)
    events = decisions.add(
        await work.load(FAVOURITES, stream),
        user_id=work.actor,
        entity_id=entity_id,
        limits=work.limits,
    )
    work.record(FAVOURITES, workspace_id, stream, *events)
    return entity_id


ADD_FAVOURITE = CommandSpec(
    command=AddFavourite,
    handler=add_favourite,
    permission=ForOneself(),
    events=(FavouriteAdded,),
    route="PUT /projects/{id}/favourite, /tasks/{id}/favourite",
    inverse=NoInverse("it is only about yourself; add or remove the favourite again."),
)
