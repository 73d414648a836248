"""What can happen to somebody's favourites in a workspace."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FavouriteAdded:
    """`entity_id` is that of a project or of a task; its kind is in it."""

    user_id: str
    entity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FavouriteRemoved:
    user_id: str
    entity_id: str


FavouriteEvent = FavouriteAdded | FavouriteRemoved
