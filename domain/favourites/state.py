"""The favourites of one person in one workspace: a stream that is theirs alone."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.aggregate import Aggregate
from domain.favourites.events import FavouriteAdded, FavouriteRemoved
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import between
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourites(StreamState):
    """`added`: id of a project or task -> since when."""

    user_id: str
    added: Mapping[str, datetime] = field(default_factory=dict)


def favourites_of(user_id: str, workspace_id: str) -> str:
    """The stream of somebody's favourites in a workspace."""
    return between("favs", user_id, workspace_id)


def evolve(state: Favourites | None, event: object, stamp: Stamp) -> Favourites | None:
    if state is None:
        if not isinstance(event, FavouriteAdded):
            return None
        state = begun(Favourites, stamp, user_id=event.user_id)
    match event:
        case FavouriteAdded():
            added = {event.entity_id: stamp.at, **state.added}
            return touched(state, stamp, added=added)
        case FavouriteRemoved():
            left = {each: at for each, at in state.added.items() if each != event.entity_id}
            return touched(state, stamp, added=left)
        case _:
            return touched(state, stamp)


FAVOURITES = Aggregate("favs", evolve)
