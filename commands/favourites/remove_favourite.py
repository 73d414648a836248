"""Keep a project or a task at hand no longer."""

from commands.favourites.place import of_entity
from commands.inverse import NoInverse
from commands.permissions import ForOneself
from commands.spec import CommandSpec
from commands.work import Work
from domain.favourites import decisions
from domain.favourites.events import FavouriteRemoved
from domain.favourites.state import FAVOURITES, favourites_of
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFavourite:
    """One of the two, for oneself."""

    project_id: str | None = None
    task_id: str | None = None


async def remove_favourite(command: RemoveFavourite, work: Work) -> str:
    entity_id, workspace_id = of_entity(command, work)
    stream = favourites_of(work.actor, workspace_id)
    favourites = await work.load(FAVOURITES, stream)
    events = decisions.remove(favourites, user_id=work.actor, entity_id=entity_id)
    work.record(FAVOURITES, workspace_id, stream, *events)
    return entity_id


REMOVE_FAVOURITE = CommandSpec(
    command=RemoveFavourite,
    handler=remove_favourite,
    permission=ForOneself(),
    events=(FavouriteRemoved,),
    route="DELETE /projects/{id}/favourite, /tasks/{id}/favourite",
    inverse=NoInverse("it is only about yourself; add or remove the favourite again."),
)
